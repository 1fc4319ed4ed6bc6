-- HR files: what became of each, and a digest of what they said of each hire last. No name of a person is in them.

CREATE TABLE hire_files (
    file_id      text COLLATE "C" PRIMARY KEY,
    scope        text COLLATE "C" NOT NULL,  -- the facility whose folder it was left in; empty: all
    kind         text CHECK (kind IN ('full', 'delta')),  -- with the day: NULL for a name that no HR file has
    day          date,
    part         integer NOT NULL,
    state        text NOT NULL,
    received_at  timestamptz NOT NULL,
    file         jsonb NOT NULL
);
CREATE INDEX hire_files_by_time ON hire_files (received_at DESC, file_id DESC);
CREATE INDEX hire_files_taken ON hire_files (scope, day DESC, part DESC) WHERE state = 'taken';

CREATE TABLE hire_file_rows (
    facility     text COLLATE "C" NOT NULL,
    number       text COLLATE "C" NOT NULL,
    fingerprint  text COLLATE "C" NOT NULL,
    state        text NOT NULL CHECK (state IN ('hired', 'ended', 'closed')),
    file_id      text COLLATE "C" NOT NULL,
    effect       text NOT NULL,
    PRIMARY KEY (facility, number)
);
CREATE INDEX hire_file_rows_open ON hire_file_rows (facility, number) WHERE state = 'hired';

CREATE TABLE hire_file_fates (
    file_id      text COLLATE "C" NOT NULL,
    line         integer NOT NULL,
    facility     text COLLATE "C" NOT NULL,  -- empty: it cannot be read, or there is none with this code
    fate         jsonb NOT NULL,
    PRIMARY KEY (file_id, line)
);
