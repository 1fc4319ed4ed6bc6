-- Checkpoints across cases, and what a hash covers: from here on also the instant at which an entry was recorded.

-- Scheme 1 covers the previous hash, the case and the body; scheme 2 the instant as well. What was recorded before this
-- file stays under scheme 1; the next entry of the same case covers it as it always did.
ALTER TABLE timeline ADD COLUMN scheme smallint NOT NULL DEFAULT 1;
ALTER TABLE timeline ALTER COLUMN scheme SET DEFAULT 2;
-- SHA-256 of the body as it was recorded, once a redaction has replaced the body: the chain goes on covering it.
ALTER TABLE timeline ADD COLUMN original_sha256 text;
CREATE INDEX timeline_redacted ON timeline (case_id, position) WHERE original_sha256 IS NOT NULL;

CREATE FUNCTION body_hash(body text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN encode(sha256(convert_to(body, 'UTF8')), 'hex');

-- The same as the domain's chain_hash: SHA-256 over lines of text.
CREATE FUNCTION entry_hash(
    scheme smallint, previous text, case_id text, body_sha256 text, recorded_at timestamptz
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN encode(sha256(convert_to(
    previous || E'\n' || case_id || E'\n' || body_sha256 || CASE WHEN scheme = 1 THEN '' ELSE
        E'\n' || to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END, 'UTF8')), 'hex');

CREATE FUNCTION entry_hash(entry timeline) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN entry_hash(entry.scheme, entry.previous_hash, entry.case_id,
                  coalesce(entry.original_sha256, body_hash(entry.body)), entry.recorded_at);

-- Checkpoints -------------------------------------------------------------------------------------------------------

-- Cases whose head no checkpoint holds yet.
CREATE TABLE unsealed_cases (case_id text COLLATE "C" PRIMARY KEY);
INSERT INTO unsealed_cases SELECT case_id FROM cases WHERE chain_position > 0;

CREATE TABLE checkpoints (
    number         bigint PRIMARY KEY,
    previous_hash  text NOT NULL,
    head_count     integer NOT NULL,
    root           text NOT NULL,
    taken_at       timestamptz NOT NULL,
    key_id         text NOT NULL,
    signature      text NOT NULL,
    hash           text NOT NULL
);

CREATE TABLE checkpoint_heads (
    number    bigint NOT NULL REFERENCES checkpoints,
    case_id   text COLLATE "C" NOT NULL,
    position  integer NOT NULL,
    hash      text NOT NULL,
    PRIMARY KEY (number, case_id)
);
CREATE INDEX checkpoint_heads_of_case ON checkpoint_heads (case_id, number);

CREATE TRIGGER checkpoint_rows_stay BEFORE UPDATE OR DELETE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoints_stay BEFORE TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_head_rows_stay BEFORE UPDATE OR DELETE ON checkpoint_heads
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_heads_stay BEFORE TRUNCATE ON checkpoint_heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Purged cases ------------------------------------------------------------------------------------------------------

-- What is left of a case whose time to be kept is over: the entry that says so, and where the chain went on from.
CREATE TABLE purged_cases (
    case_id   text COLLATE "C" PRIMARY KEY,
    position  integer NOT NULL,
    hash      text NOT NULL
);
CREATE FUNCTION refuse_change_of_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.case_id <> OLD.case_id OR NEW.position <= OLD.position THEN
        RAISE EXCEPTION '% on %: recorded facts are only ever added to', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER purged_case_rows_stay BEFORE UPDATE OR DELETE ON purged_cases
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_tombstone();
CREATE TRIGGER purged_cases_stay BEFORE TRUNCATE ON purged_cases
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A body may be replaced when an entry after it says so, and a row may go when its case was purged after it. Anything
-- else is refused; whoever switches this off is found by the chain.
CREATE FUNCTION redacts(body text, place integer, original text, replaced text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN body IS NOT JSON OBJECT OR strpos(body, '\u0000') > 0 THEN false  -- not to be read as jsonb
    ELSE body::jsonb @> jsonb_build_object('kind', 'evidence.redacted', 'detail', jsonb_build_object(
        'entries', jsonb_build_array(jsonb_build_object(
            'position', place, 'original_sha256', original, 'replaced_sha256', replaced))))
END;

-- Whether an entry after it says that this one's body is what a redaction left of it.
CREATE FUNCTION redaction_is_recorded(entry timeline) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM timeline AS later
               WHERE later.case_id = entry.case_id AND later.position > entry.position
                     AND later.original_sha256 IS NULL
                     AND redacts(later.body, entry.position, entry.original_sha256, body_hash(entry.body)));

CREATE FUNCTION refuse_unrecorded_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM purged_cases WHERE case_id = OLD.case_id AND position > OLD.position) THEN
            RETURN OLD;
        END IF;
    ELSIF NEW.original_sha256 = coalesce(OLD.original_sha256, body_hash(OLD.body))
          AND (NEW.case_id, NEW.position, NEW.seq, NEW.previous_hash, NEW.hash, NEW.recorded_at, NEW.scheme)
              = (OLD.case_id, OLD.position, OLD.seq, OLD.previous_hash, OLD.hash, OLD.recorded_at, OLD.scheme)
          AND redaction_is_recorded(NEW) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on %: recorded facts are only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER timeline_rows_stay ON timeline;
CREATE TRIGGER timeline_rows_stay BEFORE UPDATE OR DELETE ON timeline
    FOR EACH ROW EXECUTE FUNCTION refuse_unrecorded_change();

-- Recording ---------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION record_entries(head cases, seqs integer[], bodies text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    place integer := head.chain_position;
    last_hash text := head.chain_hash;
    next_hash text;
BEGIN
    FOR i IN 1 .. cardinality(seqs) LOOP
        next_hash := entry_hash(2::smallint, last_hash, head.case_id, body_hash(bodies[i]), now());
        INSERT INTO timeline (case_id, position, seq, body, previous_hash, hash, recorded_at, scheme)
        VALUES (head.case_id, place + 1, seqs[i], bodies[i], last_hash, next_hash, now(), 2)
        ON CONFLICT (case_id, seq) DO NOTHING;
        IF FOUND THEN
            place := place + 1;
            last_hash := next_hash;
        END IF;
    END LOOP;
    IF place > head.chain_position THEN
        UPDATE cases SET chain_position = place, chain_hash = last_hash WHERE case_id = head.case_id;
        -- Whoever takes a checkpoint waits for the lock on the case that we hold, so that this mark is never lost.
        INSERT INTO unsealed_cases (case_id) VALUES (head.case_id) ON CONFLICT DO NOTHING;
    END IF;
END $$;
DROP FUNCTION entry_hash(text, text, text);

-- A business key that comes back after its case was purged goes on with the chain that was left.
CREATE FUNCTION continue_purged_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT position, hash INTO NEW.chain_position, NEW.chain_hash FROM purged_cases WHERE case_id = NEW.case_id;
    NEW.chain_position := coalesce(NEW.chain_position, 0);
    NEW.chain_hash := coalesce(NEW.chain_hash, '');
    RETURN NEW;
END $$;
CREATE TRIGGER cases_go_on BEFORE INSERT ON cases
    FOR EACH ROW WHEN (NEW.chain_position = 0) EXECUTE FUNCTION continue_purged_chain();
