-- Licences on which people were hired, by the case of the hire, so that they are looked up again while the person works
-- here. Numbers of licences are public; whose they are says only the HRIS.

CREATE TABLE proven_licences (
    case_id   text COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    state     text COLLATE "C" NOT NULL,
    number    text COLLATE "C" NOT NULL,
    licence   jsonb NOT NULL,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, kind, state, number)
);

-- Keeping -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION forget_licences() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM proven_licences WHERE case_id = OLD.case_id;
    RETURN NULL;
END $$;
CREATE TRIGGER purged_cases_forget_licences AFTER DELETE ON cases
    FOR EACH ROW WHEN (starts_with(OLD.case_id, 'hire-to-provision.')) EXECUTE FUNCTION forget_licences();
