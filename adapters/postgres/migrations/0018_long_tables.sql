-- What keeps short answers short when tables are long.

-- Requests by whose money they ask for: the search for a need that was split looks at its own cost centres and days, not
-- at all that a facility asked for.
CREATE TABLE case_cost_centres (
    facility      text COLLATE "C" NOT NULL,
    cost_centre   text COLLATE "C" NOT NULL,
    submitted_at  timestamptz NOT NULL,
    case_id       text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    PRIMARY KEY (case_id, cost_centre)
);
INSERT INTO case_cost_centres (facility, cost_centre, submitted_at, case_id)
SELECT facility, jsonb_array_elements_text(snapshot -> 'cost_centres'), submitted_at, case_id FROM cases
WHERE snapshot ? 'cost_centres'
ON CONFLICT DO NOTHING;
CREATE INDEX case_cost_centres_by_time ON case_cost_centres (facility, cost_centre, submitted_at);

CREATE FUNCTION keep_cost_centres() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    now_charged text[] := ARRAY(SELECT jsonb_array_elements_text(NEW.snapshot -> 'cost_centres'));
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM case_cost_centres WHERE case_id = NEW.case_id AND cost_centre <> ALL (now_charged);
    END IF;
    INSERT INTO case_cost_centres (facility, cost_centre, submitted_at, case_id)
    SELECT NEW.facility, unnest(now_charged), NEW.submitted_at, NEW.case_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER new_cases_name_cost_centres AFTER INSERT ON cases
    FOR EACH ROW WHEN (NEW.snapshot -> 'cost_centres' <> '[]'::jsonb) EXECUTE FUNCTION keep_cost_centres();
CREATE TRIGGER cases_change_cost_centres AFTER UPDATE OF snapshot ON cases
    FOR EACH ROW WHEN (OLD.snapshot -> 'cost_centres' IS DISTINCT FROM NEW.snapshot -> 'cost_centres')
    EXECUTE FUNCTION keep_cost_centres();

-- The few cases that have waited for long, though most of those that came in before them wait for something new.
CREATE INDEX cases_waiting_since ON cases (facility, awaiting_since) WHERE awaiting_since IS NOT NULL;

-- Pages of hires that are asked for by department, by how ready they are, or by whether they are open, everywhere: the
-- earliest start dates are of hires that closed long ago.
CREATE INDEX hire_standings_of_department ON hire_standings (department, start_on, case_id);
CREATE INDEX hire_standings_in_state ON hire_standings (state, start_on, case_id);
CREATE INDEX hire_standings_in_state_at_facility ON hire_standings (facility, state, start_on, case_id);
CREATE INDEX hire_standings_all_open ON hire_standings (start_on, case_id) WHERE NOT closed;
