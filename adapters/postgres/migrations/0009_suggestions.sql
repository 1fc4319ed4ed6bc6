-- What was suggested to people, how certain it was, and what they decided: what the built-in assistant learns from.

CREATE TABLE suggestions (
    suggestion_id  text COLLATE "C" PRIMARY KEY,
    case_id        text COLLATE "C" NOT NULL,
    kind           text COLLATE "C" NOT NULL CHECK (kind IN ('exception', 'coding', 'owner')),
    facility       text COLLATE "C" NOT NULL,
    -- Whether a person decided: only these are learned from.
    decided        boolean NOT NULL,
    outcome        text NOT NULL CHECK (outcome IN ('agreed', 'differed', 'unanswered')),
    decided_at     timestamptz NOT NULL,
    body           jsonb NOT NULL
);
CREATE INDEX suggestions_learned ON suggestions (kind, facility, decided_at DESC, suggestion_id DESC) WHERE decided;
CREATE INDEX suggestions_counted ON suggestions (kind, outcome);
CREATE INDEX suggestions_of_case ON suggestions (case_id);

CREATE TRIGGER suggestion_rows_stay BEFORE UPDATE ON suggestions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A case that is purged takes along what was suggested in it.
CREATE FUNCTION forget_suggestions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM suggestions WHERE case_id = OLD.case_id;
    RETURN NULL;
END $$;
CREATE TRIGGER purged_cases_forget_suggestions AFTER DELETE ON cases
    FOR EACH ROW EXECUTE FUNCTION forget_suggestions();
