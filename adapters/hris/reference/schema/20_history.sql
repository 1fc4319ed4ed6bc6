-- How every worker was kept, whoever writes: each change is one more entry, from which day on it counts, and none is
-- ever changed. Status moves only the way that employment does.

CREATE TABLE IF NOT EXISTS hris.worker_history (
    worker_id text NOT NULL REFERENCES hris.worker,
    entry integer NOT NULL CHECK (entry > 0),
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL,
    external_id text NOT NULL,
    kept jsonb NOT NULL,
    PRIMARY KEY (worker_id, entry)
);

CREATE OR REPLACE FUNCTION hris.enter_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hris.worker_history (worker_id, entry, effective_on, status, external_id, kept)
    SELECT NEW.worker_id, coalesce(max(entry), 0) + 1,
        CASE NEW.status WHEN 'ENDED' THEN NEW.end_on ELSE NEW.start_on END, NEW.status, NEW.external_id, to_jsonb(NEW)
    FROM hris.worker_history WHERE worker_id = NEW.worker_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER worker_history AFTER INSERT ON hris.worker
    FOR EACH ROW EXECUTE FUNCTION hris.enter_history();
CREATE OR REPLACE TRIGGER worker_history_again AFTER UPDATE ON hris.worker
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION hris.enter_history();

CREATE OR REPLACE FUNCTION hris.guard_worker() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.worker_id, NEW.worker_number) IS DISTINCT FROM (OLD.worker_id, OLD.worker_number) THEN
        RAISE check_violation USING MESSAGE = 'A worker keeps id and number for life.';
    ELSIF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('PREHIRE', 'ACTIVE'), ('PREHIRE', 'RESCINDED'), ('ACTIVE', 'ENDED'),
        ('ENDED', 'PREHIRE'), ('PREHIRE', 'ENDED')  -- hired again, and that taken back
    ) THEN
        RAISE check_violation USING MESSAGE = format('A worker does not go from %s to %s.', OLD.status, NEW.status);
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_worker BEFORE UPDATE ON hris.worker
    FOR EACH ROW EXECUTE FUNCTION hris.guard_worker();

CREATE OR REPLACE FUNCTION hris.guard_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'History stays as it was.';
END $$;

CREATE OR REPLACE TRIGGER guard_history BEFORE UPDATE OR DELETE ON hris.worker_history
    FOR EACH ROW EXECUTE FUNCTION hris.guard_history();
