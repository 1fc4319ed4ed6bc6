-- How far the changes are known that people made in an ERP themselves; place is a SweepPlace.

CREATE TABLE erp_sweeps (
    erp        text COLLATE "C" PRIMARY KEY,
    place      jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
