-- Hires: whose accounts are whose, who holds what, which hires run for whom, how far they are, and what was screened.
-- Names of people are in none of these tables; user names and free reasons are.

-- One account per system and worker, one worker per user name and account, whatever the code above it does.
CREATE TABLE accounts (
    system      text COLLATE "C" NOT NULL,
    worker_id   text COLLATE "C" NOT NULL,
    user_name   text NOT NULL,
    name_key    text COLLATE "C" NOT NULL CHECK (name_key <> ''),  -- normalised: what is unique
    account_id  text COLLATE "C" NOT NULL,  -- empty while it is not known to exist
    case_id     text COLLATE "C" NOT NULL,
    claimed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (system, worker_id),
    CONSTRAINT one_worker_per_user_name UNIQUE (system, name_key)
);
CREATE UNIQUE INDEX one_worker_per_account ON accounts (system, account_id) WHERE account_id <> '';
CREATE INDEX accounts_of_worker ON accounts (worker_id);

CREATE TABLE entitlements (
    position      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker_id     text COLLATE "C" NOT NULL,
    system        text COLLATE "C" NOT NULL,
    entitlement   text COLLATE "C" NOT NULL,
    group_name    text NOT NULL,
    reason        text NOT NULL,
    source        text NOT NULL,
    case_id       text COLLATE "C" NOT NULL,
    granted_at    timestamptz NOT NULL,
    until         date,
    reverse       text NOT NULL,
    revoked_at    timestamptz,
    revoked_by    text NOT NULL DEFAULT '',
    revoked_case  text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX held_once ON entitlements (worker_id, system, entitlement) WHERE revoked_at IS NULL;
CREATE INDEX entitlements_of_worker ON entitlements (worker_id, position) WHERE revoked_at IS NULL;
CREATE INDEX entitlements_of_case ON entitlements (case_id);

-- `writes_for` is the worker whom the case alone writes for while it runs.
CREATE TABLE hire_register (
    case_id      text COLLATE "C" PRIMARY KEY,
    facility     text COLLATE "C" NOT NULL,
    number       text NOT NULL,
    person_keys  text[] NOT NULL,
    worker_id    text COLLATE "C" NOT NULL,
    state        text NOT NULL CHECK (state <> ''),
    writes_for   text COLLATE "C" CHECK (writes_for IS NULL OR state = 'running')
);
CREATE UNIQUE INDEX one_writer_per_worker ON hire_register (writes_for) WHERE writes_for IS NOT NULL;

-- Whose key has the higher position is told of the other; they go when the case ends.
CREATE TABLE hire_keys (
    case_id   text COLLATE "C" NOT NULL REFERENCES hire_register ON DELETE CASCADE,
    key       text COLLATE "C" NOT NULL,
    position  bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (case_id, key)
);
CREATE INDEX hire_keys_in_order ON hire_keys (key, position);

CREATE TABLE hire_standings (
    case_id     text COLLATE "C" PRIMARY KEY,
    version     integer NOT NULL,
    facility    text COLLATE "C" NOT NULL,
    manager     text COLLATE "C" NOT NULL,
    department  text COLLATE "C" NOT NULL,
    start_on    date NOT NULL,
    state       text COLLATE "C" NOT NULL,
    closed      boolean NOT NULL,
    standing    jsonb NOT NULL
);
CREATE INDEX hire_standings_by_start ON hire_standings (start_on, case_id);
CREATE INDEX hire_standings_of_facility ON hire_standings (facility, start_on, case_id);
CREATE INDEX hire_standings_of_manager ON hire_standings (manager, start_on, case_id);
CREATE INDEX hire_standings_open ON hire_standings (facility, start_on, case_id) WHERE NOT closed;

CREATE TABLE screening_clearances (
    key         text COLLATE "C" PRIMARY KEY,
    cleared_by  text NOT NULL,
    reason      text NOT NULL,
    case_id     text COLLATE "C" NOT NULL,
    cleared_at  timestamptz NOT NULL
);
CREATE INDEX screening_clearances_of_case ON screening_clearances (case_id);

-- Keeping -----------------------------------------------------------------------------------------------------------

-- What is held stays, and so do accounts, for they exist. That a hit was cleared stays, so that nobody is asked again;
-- who did and why goes.
CREATE FUNCTION forget_hire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM hire_standings WHERE case_id = OLD.case_id;
    DELETE FROM hire_register WHERE case_id = OLD.case_id;
    DELETE FROM entitlements WHERE case_id = OLD.case_id AND revoked_at IS NOT NULL;
    UPDATE screening_clearances SET cleared_by = '', reason = '' WHERE case_id = OLD.case_id;
    RETURN NULL;
END $$;
CREATE TRIGGER purged_cases_forget_hires AFTER DELETE ON cases
    FOR EACH ROW WHEN (starts_with(OLD.case_id, 'hire-to-provision.')) EXECUTE FUNCTION forget_hire();

CREATE FUNCTION redacted_texts(listed jsonb, member text, removed text, shown text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_agg(
        jsonb_set(each, ARRAY[member], to_jsonb(replace(each ->> member, removed, shown)), false) ORDER BY place), '[]')
    FROM jsonb_array_elements(listed) WITH ORDINALITY AS elements (each, place);
END;

-- What people wrote: reasons, and notes that may repeat them.
CREATE FUNCTION redact_hires(redacted_case text, removed text, shown text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE entitlements SET reason = replace(reason, removed, shown) WHERE case_id = redacted_case;
    UPDATE screening_clearances SET reason = replace(reason, removed, shown) WHERE case_id = redacted_case;
    UPDATE hire_standings SET standing = standing || jsonb_build_object(
        'standings', redacted_texts(standing -> 'standings', 'note', removed, shown),
        'readiness', (standing -> 'readiness') || jsonb_build_object(
            'blockers', redacted_texts(standing -> 'readiness' -> 'blockers', 'why', removed, shown)))
    WHERE case_id = redacted_case;
END;
