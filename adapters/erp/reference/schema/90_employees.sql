-- Employees, as far as the ERP must know them: whom to charge for, from when until when. One record per worker number,
-- for life; who is hired again has the old one. Every state of it stays in the history.

CREATE TABLE IF NOT EXISTS erp.employee (
    number text PRIMARY KEY,
    worker_number text NOT NULL UNIQUE CHECK (worker_number <> ''),
    external_id text NOT NULL,
    name text NOT NULL,
    facility text NOT NULL,
    cost_centre text NOT NULL REFERENCES erp.cost_centre,
    start_on date NOT NULL,
    end_on date CHECK (end_on >= start_on),
    active boolean NOT NULL,
    CHECK (active OR end_on IS NOT NULL)
);

-- Which hires came by, for ever. One without a record was taken back before it was recorded.
CREATE TABLE IF NOT EXISTS erp.employee_hire (
    external_id text PRIMARY KEY,
    worker_number text REFERENCES erp.employee (worker_number),
    ended boolean NOT NULL DEFAULT false,
    reason text NOT NULL DEFAULT '',
    CHECK (worker_number IS NOT NULL OR ended)
);

CREATE TABLE IF NOT EXISTS erp.employee_history (
    number text NOT NULL REFERENCES erp.employee,
    entry integer NOT NULL CHECK (entry > 0),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    kept jsonb NOT NULL,
    PRIMARY KEY (number, entry)
);

CREATE OR REPLACE FUNCTION erp.enter_employee_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO erp.employee_history (number, entry, kept)
    SELECT NEW.number, coalesce(max(entry), 0) + 1, to_jsonb(NEW) FROM erp.employee_history WHERE number = NEW.number;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER employee_history AFTER INSERT ON erp.employee
    FOR EACH ROW EXECUTE FUNCTION erp.enter_employee_history();
CREATE OR REPLACE TRIGGER employee_history_again AFTER UPDATE ON erp.employee
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION erp.enter_employee_history();

CREATE OR REPLACE FUNCTION erp.employee_of(wanted text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(e) - 'name' - 'facility' FROM erp.employee e WHERE worker_number = wanted;
$$;

CREATE OR REPLACE FUNCTION erp.find_employee(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT erp.employee_of(request ->> 'worker_number');
$$;

-- The worker's number is a turn of its own, so that two hires of one worker make one record. Turns are taken in one
-- order: the hire's, then the worker's.
CREATE OR REPLACE FUNCTION erp.write_employee(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted erp.employee;
BEGIN
    PERFORM erp.require_cost_centre(request ->> 'cost_centre');
    SELECT * INTO wanted FROM erp.employee WHERE worker_number = request ->> 'worker_number';
    IF wanted.number IS NULL THEN
        wanted.number := erp.next_number('EM', 0);
    END IF;
    wanted := jsonb_populate_record(wanted, request - 'number');
    wanted.active := true;
    INSERT INTO erp.employee SELECT wanted.* ON CONFLICT (number) DO UPDATE SET
        (external_id, name, facility, cost_centre, start_on, end_on, active) =
        ROW (excluded.external_id, excluded.name, excluded.facility, excluded.cost_centre, excluded.start_on,
             excluded.end_on, excluded.active);
    INSERT INTO erp.employee_hire (external_id, worker_number)
    VALUES (request ->> 'external_id', wanted.worker_number) ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION erp.record_employee(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    of_worker text := request ->> 'worker_number';
    known erp.employee_hire;
BEGIN
    PERFORM erp.wait_for_turn('employee-hire', request ->> 'external_id');
    PERFORM erp.wait_for_turn('employee', of_worker);
    SELECT * INTO known FROM erp.employee_hire WHERE external_id = request ->> 'external_id';
    IF known.worker_number <> of_worker THEN
        PERFORM erp.refuse('external-id-taken', format('That hire is of worker %s.', known.worker_number));
    ELSIF known.ended AND known.worker_number IS NULL THEN
        PERFORM erp.refuse('employee-ended', 'The hire was taken back before it was recorded.');
    ELSIF known.external_id IS NULL OR NOT known.ended AND EXISTS (
        SELECT FROM erp.employee WHERE worker_number = of_worker AND external_id = known.external_id) THEN
        PERFORM erp.write_employee(request);
    END IF;
    RETURN erp.employee_of(of_worker);
END $$;

CREATE OR REPLACE FUNCTION erp.end_employee(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    of_hire text := request ->> 'external_id';
    known erp.employee_hire;
BEGIN
    PERFORM erp.wait_for_turn('employee-hire', of_hire);
    -- An attempt to record it that is still under way finds this, and records nothing.
    INSERT INTO erp.employee_hire (external_id, ended, reason) VALUES (of_hire, true, request ->> 'reason')
    ON CONFLICT DO NOTHING;
    SELECT * INTO known FROM erp.employee_hire WHERE external_id = of_hire;
    IF NOT known.ended THEN
        PERFORM erp.wait_for_turn('employee', known.worker_number);
        UPDATE erp.employee SET active = false, end_on = start_on
        WHERE worker_number = known.worker_number AND external_id = of_hire;
        UPDATE erp.employee_hire SET ended = true, reason = request ->> 'reason' WHERE external_id = of_hire;
    END IF;
    RETURN erp.employee_of(known.worker_number);
END $$;
