-- What the HRIS holds: departments, positions and workers. Days are local to the facility.

CREATE SCHEMA IF NOT EXISTS hris;

-- Worker numbers are the prefix and the next number, in one row of numbers for the whole system. None is given twice.
CREATE TABLE IF NOT EXISTS hris.setting (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number_prefix text NOT NULL DEFAULT 'W-',
    last_number bigint NOT NULL DEFAULT 100000 CHECK (last_number >= 0)
);
INSERT INTO hris.setting DEFAULT VALUES ON CONFLICT DO NOTHING;

-- Which loads of master data were made, by the fingerprint of their content.
CREATE TABLE IF NOT EXISTS hris.data_load (
    sha256 text PRIMARY KEY,
    loaded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS hris.department (
    facility text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    cost_centre text NOT NULL,
    PRIMARY KEY (facility, code)
);

-- `holder` is the external id of the hire that holds the position, or the id of a worker who had it before there were
-- hires here. While a hire only holds it for somebody who is to come, it is not filled.
CREATE TABLE IF NOT EXISTS hris.position (
    number text PRIMARY KEY,
    facility text NOT NULL,
    department text NOT NULL,
    job_family text NOT NULL,
    title text NOT NULL,
    cost_centre text NOT NULL,
    budgeted boolean NOT NULL,
    closed boolean NOT NULL,
    holder text UNIQUE CHECK (holder <> ''),
    filled boolean NOT NULL DEFAULT false CHECK (NOT filled OR holder IS NOT NULL),
    FOREIGN KEY (facility, department) REFERENCES hris.department
);

CREATE OR REPLACE FUNCTION hris.position_status(wanted hris.position) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN wanted.filled THEN 'FILLED'
        WHEN wanted.holder IS NOT NULL THEN 'HELD'
        WHEN wanted.closed THEN 'CLOSED'
        ELSE 'OPEN' END;
$$;

-- `external_id` names the hire that made, or last revived, the worker. `person` is their id in the people directory.
CREATE TABLE IF NOT EXISTS hris.worker (
    worker_id text PRIMARY KEY,
    worker_number text NOT NULL UNIQUE,
    external_id text NOT NULL UNIQUE,
    person text UNIQUE,
    status text NOT NULL CHECK (status IN ('PREHIRE', 'ACTIVE', 'ENDED', 'RESCINDED')),
    facility text NOT NULL,
    family text NOT NULL CHECK (family <> ''),
    given text NOT NULL,
    middle text NOT NULL,
    suffix text NOT NULL,
    preferred text NOT NULL,
    birth_date date,
    personal_email text NOT NULL,
    npi text NOT NULL,
    position text NOT NULL,
    job_family text NOT NULL,
    title text NOT NULL,
    department text NOT NULL,
    cost_centre text NOT NULL,
    employment_type text NOT NULL CHECK (employment_type IN ('employee', 'contractor', 'volunteer', 'agency-nurse')),
    manager text NOT NULL,
    start_on date NOT NULL,
    end_on date,
    deletion_due_on date,
    CHECK (end_on >= start_on),
    CHECK (status <> 'ENDED' OR end_on IS NOT NULL),
    CHECK (deletion_due_on IS NULL OR status = 'ENDED')
);
CREATE INDEX IF NOT EXISTS worker_birth_date ON hris.worker (birth_date);
CREATE INDEX IF NOT EXISTS worker_npi ON hris.worker (npi) WHERE npi <> '';
CREATE INDEX IF NOT EXISTS worker_mail ON hris.worker (lower(personal_email)) WHERE personal_email <> '';
CREATE INDEX IF NOT EXISTS worker_at_work ON hris.worker (worker_id COLLATE "C") WHERE status IN ('PREHIRE', 'ACTIVE');

-- What each hire did, by its external id: never deleted, so that the id is taken for ever. `draft` is what was last
-- asked for, `before` the ended worker whom it revived. One without a worker was rescinded before it was made.
CREATE TABLE IF NOT EXISTS hris.hire (
    external_id text PRIMARY KEY,
    worker_id text REFERENCES hris.worker,
    draft jsonb,
    before jsonb,
    begun_on date,
    rescinded boolean NOT NULL DEFAULT false,
    reason text NOT NULL DEFAULT '',
    CHECK (worker_id IS NOT NULL OR rescinded),
    CHECK ((worker_id IS NULL) = (draft IS NULL))
);
CREATE INDEX IF NOT EXISTS hire_worker ON hris.hire (worker_id);
