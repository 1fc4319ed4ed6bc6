-- The evidence store: read model of cases and tasks, timelines as hash chains, outbox of notices.
-- Ids compare bytewise (COLLATE "C"), so that pages are cut at the same place whatever the database's locale.

-- Cases -------------------------------------------------------------------------------------------------------------

CREATE TABLE cases (
    case_id         text COLLATE "C" PRIMARY KEY,
    version         integer NOT NULL,
    process         text NOT NULL,
    facility        text COLLATE "C" NOT NULL,
    stage           text NOT NULL,
    status          text NOT NULL,
    requester       text NOT NULL,
    awaiting_role   text,
    awaiting_since  timestamptz,
    exception_code  text,
    emergency       boolean NOT NULL,
    submitted_at    timestamptz NOT NULL,
    suppliers       text[] NOT NULL,
    order_numbers   text[] NOT NULL,
    snapshot        jsonb NOT NULL,
    -- Head of the case's chain: what was cut off at the end of a timeline shows against it.
    chain_position  integer NOT NULL DEFAULT 0,
    chain_hash      text NOT NULL DEFAULT ''
) WITH (fillfactor = 80);  -- room to move the head of the chain without touching the indexes

-- Lists walk one of these per facility, newest first, and stop after a page. A filter without an index of its own would
-- make a page as slow as the table is long, so each filter has one; those of rare conditions hold only the rows that
-- meet them.
CREATE INDEX cases_of_facility ON cases (facility, submitted_at DESC, case_id DESC);
CREATE INDEX cases_of_process ON cases (facility, process, submitted_at DESC, case_id DESC);
CREATE INDEX cases_in_stage ON cases (facility, stage, submitted_at DESC, case_id DESC);
CREATE INDEX cases_with_status ON cases (facility, status, submitted_at DESC, case_id DESC);
CREATE INDEX cases_of_requester ON cases (facility, requester, submitted_at DESC, case_id DESC);
CREATE INDEX cases_awaiting_role ON cases (facility, awaiting_role, submitted_at DESC, case_id DESC)
    WHERE awaiting_role IS NOT NULL;
CREATE INDEX cases_waiting ON cases (facility, submitted_at DESC, case_id DESC) WHERE awaiting_since IS NOT NULL;
CREATE INDEX cases_with_exception ON cases (facility, exception_code, submitted_at DESC, case_id DESC)
    WHERE exception_code IS NOT NULL;
CREATE INDEX cases_of_emergency ON cases (facility, submitted_at DESC, case_id DESC) WHERE emergency;

CREATE TABLE case_suppliers (
    case_id       text COLLATE "C" NOT NULL REFERENCES cases,
    supplier      text NOT NULL,
    facility      text COLLATE "C" NOT NULL,
    submitted_at  timestamptz NOT NULL,
    PRIMARY KEY (case_id, supplier)
);
CREATE INDEX case_suppliers_newest ON case_suppliers (supplier, facility, submitted_at DESC, case_id DESC);

CREATE TABLE case_orders (
    order_number  text PRIMARY KEY,
    case_id       text COLLATE "C" NOT NULL REFERENCES cases
);

-- Timelines ---------------------------------------------------------------------------------------------------------

CREATE TABLE timeline (
    case_id        text COLLATE "C" NOT NULL,
    position       integer NOT NULL,
    seq            integer NOT NULL,
    -- The entry as canonical JSON, kept as text: the very bytes that were hashed.
    body           text NOT NULL,
    previous_hash  text NOT NULL,
    hash           text NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, position),
    UNIQUE (case_id, seq)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: recorded facts are only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER timeline_rows_stay BEFORE UPDATE OR DELETE ON timeline
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER timeline_stays BEFORE TRUNCATE ON timeline
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- SHA-256 over the previous hash, the case id and the body's own SHA-256, a line each. The same as the domain's chain_hash.
CREATE FUNCTION entry_hash(previous text, case_id text, body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN encode(sha256(convert_to(
    previous || E'\n' || case_id || E'\n' || encode(sha256(convert_to(body, 'UTF8')), 'hex'), 'UTF8')), 'hex');

-- Tasks -------------------------------------------------------------------------------------------------------------

CREATE TABLE tasks (
    task_id     text COLLATE "C" PRIMARY KEY,
    case_id     text COLLATE "C" NOT NULL,
    version     integer NOT NULL,
    status      text NOT NULL,
    opened_at   timestamptz NOT NULL,
    body        jsonb NOT NULL,
    claimed_by  text,
    claimed_at  timestamptz,
    CHECK ((claimed_by IS NULL) = (claimed_at IS NULL))
);
CREATE INDEX tasks_of_case ON tasks (case_id, opened_at, task_id);

-- Open tasks under everyone they are offered to: 'person/<id>', or 'role/<role>/<facility>' and 'role/<role>/*'.
-- A worklist reads the first rows of a few audiences, however many tasks there are.
CREATE TABLE worklist (
    audience   text COLLATE "C" NOT NULL,
    due_at     timestamptz NOT NULL,
    opened_at  timestamptz NOT NULL,
    task_id    text COLLATE "C" NOT NULL REFERENCES tasks,
    excluded   text[] NOT NULL,
    PRIMARY KEY (audience, due_at, opened_at, task_id)
);
CREATE INDEX worklist_of_task ON worklist (task_id);

-- Outbox ------------------------------------------------------------------------------------------------------------

CREATE TABLE notices (
    notice_id    text COLLATE "C" PRIMARY KEY,
    position     bigint GENERATED ALWAYS AS IDENTITY,
    case_id      text COLLATE "C" NOT NULL,
    body         jsonb NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now()
);

-- One row per notice and channel: a channel that fails never makes another one send twice.
CREATE TABLE deliveries (
    notice_id  text COLLATE "C" NOT NULL REFERENCES notices,
    channel    text COLLATE "C" NOT NULL,
    position   bigint NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'parked')),
    -- When it may be taken: at once, after a lease, or after the delay that follows a failure.
    again_at   timestamptz NOT NULL DEFAULT '-infinity',
    tries      integer NOT NULL DEFAULT 0,
    error      text,
    proof      text,
    changed_at timestamptz,
    PRIMARY KEY (notice_id, channel)
);
CREATE INDEX deliveries_due ON deliveries (again_at, position) WHERE state = 'waiting';
CREATE INDEX deliveries_parked ON deliveries (position, channel) WHERE state = 'parked';

-- Recording ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION record_snapshot(new jsonb) RETURNS cases LANGUAGE plpgsql AS $$
DECLARE
    head cases;
    its_suppliers text[] := ARRAY(SELECT jsonb_array_elements_text(new -> 'suppliers'));
    its_orders text[] := ARRAY(SELECT jsonb_array_elements_text(new -> 'order_numbers'));
BEGIN
    -- Whoever comes second for the same case waits here, so that chain and snapshot have one order.
    INSERT INTO cases (case_id, version, process, facility, stage, status, requester, emergency, submitted_at,
                       suppliers, order_numbers, snapshot)
    VALUES (new ->> 'case_id', -1, new ->> 'process', new ->> 'facility', new ->> 'stage', new ->> 'status',
            new ->> 'requester', (new ->> 'emergency')::boolean, (new ->> 'submitted_at')::timestamptz, '{}', '{}', new)
    ON CONFLICT (case_id) DO NOTHING;
    SELECT * INTO STRICT head FROM cases WHERE case_id = new ->> 'case_id' FOR UPDATE;
    IF (new ->> 'version')::integer <= head.version THEN
        RETURN head;
    END IF;
    UPDATE cases SET
        version = (new ->> 'version')::integer,
        stage = new ->> 'stage',
        status = new ->> 'status',
        requester = new ->> 'requester',
        awaiting_role = new ->> 'awaiting_role',
        awaiting_since = (new ->> 'awaiting_since')::timestamptz,
        exception_code = new ->> 'exception_code',
        emergency = (new ->> 'emergency')::boolean,
        suppliers = its_suppliers,
        order_numbers = its_orders,
        snapshot = new
    WHERE case_id = head.case_id;
    IF its_suppliers <> head.suppliers THEN
        DELETE FROM case_suppliers WHERE case_id = head.case_id AND supplier <> ALL (its_suppliers);
        INSERT INTO case_suppliers (case_id, supplier, facility, submitted_at)
        SELECT head.case_id, unnest(its_suppliers), head.facility, head.submitted_at
        ON CONFLICT DO NOTHING;
    END IF;
    IF its_orders <> head.order_numbers THEN
        INSERT INTO case_orders (order_number, case_id) SELECT unnest(its_orders), head.case_id ON CONFLICT DO NOTHING;
    END IF;
    RETURN head;
END $$;

CREATE FUNCTION record_entries(head cases, seqs integer[], bodies text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place integer := head.chain_position;
    last_hash text := head.chain_hash;
    next_hash text;
BEGIN
    FOR i IN 1 .. cardinality(seqs) LOOP
        next_hash := entry_hash(last_hash, head.case_id, bodies[i]);
        INSERT INTO timeline (case_id, position, seq, body, previous_hash, hash)
        VALUES (head.case_id, place + 1, seqs[i], bodies[i], last_hash, next_hash)
        ON CONFLICT (case_id, seq) DO NOTHING;
        IF FOUND THEN
            place := place + 1;
            last_hash := next_hash;
        END IF;
    END LOOP;
    IF place > head.chain_position THEN
        UPDATE cases SET chain_position = place, chain_hash = last_hash WHERE case_id = head.case_id;
    END IF;
END $$;

CREATE FUNCTION audiences(task jsonb) RETURNS SETOF text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT 'person/' || jsonb_array_elements_text(task -> 'people')
    UNION
    SELECT 'role/' || (task ->> 'role') || '/' || place
    FROM unnest(ARRAY[task ->> 'facility', '*']) AS place
    WHERE jsonb_array_length(task -> 'people') = 0;
END;

CREATE FUNCTION record_task(new jsonb, journal_version integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- A closed task stays as it closed; an open one follows the later journal.
    INSERT INTO tasks (task_id, case_id, version, status, opened_at, body)
    VALUES (new ->> 'task_id', new ->> 'case_id', journal_version, new ->> 'status',
            (new ->> 'opened_at')::timestamptz, new)
    ON CONFLICT (task_id) DO UPDATE
        SET version = excluded.version, status = excluded.status, body = excluded.body
        WHERE tasks.status = 'open' AND (excluded.status <> 'open' OR excluded.version >= tasks.version);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    DELETE FROM worklist WHERE task_id = new ->> 'task_id';
    IF new ->> 'status' = 'open' THEN
        INSERT INTO worklist (audience, due_at, opened_at, task_id, excluded)
        SELECT audience, coalesce((new ->> 'due_at')::timestamptz, '9999-12-31 00:00:00Z'),
               (new ->> 'opened_at')::timestamptz, new ->> 'task_id',
               ARRAY(SELECT jsonb_array_elements_text(new -> 'excluded'))
        FROM audiences(new) AS audience;
    END IF;
END $$;

-- All of a journal in one call, and so in one transaction and one round trip. Recording it again changes nothing.
CREATE FUNCTION record_journal(
    snapshot jsonb, seqs integer[], bodies text[], new_tasks jsonb[], new_notices jsonb[], channels text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    head cases := record_snapshot(snapshot);
    new jsonb;
    place bigint;
BEGIN
    PERFORM record_entries(head, seqs, bodies);
    FOREACH new IN ARRAY new_tasks LOOP
        PERFORM record_task(new, (snapshot ->> 'version')::integer);
    END LOOP;
    FOREACH new IN ARRAY new_notices LOOP
        INSERT INTO notices (notice_id, case_id, body) VALUES (new ->> 'notice_id', new ->> 'case_id', new)
        ON CONFLICT (notice_id) DO NOTHING
        RETURNING position INTO place;
        IF FOUND THEN
            INSERT INTO deliveries (notice_id, channel, position)
            SELECT DISTINCT new ->> 'notice_id', channel, place FROM unnest(channels) AS channel;
        END IF;
    END LOOP;
END $$;
