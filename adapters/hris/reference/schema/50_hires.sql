-- Hires: prepare, revive, change, begin, rescind. Rows are locked in one order everywhere (the hire's turn, the worker,
-- positions by number, the number row), so that callers wait for one another but never in a circle.

-- The worker whom an earlier call made; no row at the first.
CREATE OR REPLACE FUNCTION hris.known_hire(of_hire text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    known hris.hire;
BEGIN
    PERFORM hris.wait_for_turn(of_hire);
    SELECT * INTO known FROM hris.hire WHERE external_id = of_hire;
    IF known.external_id IS NOT NULL AND known.worker_id IS NULL THEN
        PERFORM hris.refuse('hire-rescinded', 'The hire was rescinded before it was made.');
    END IF;
    RETURN hris.worker_of(known.worker_id);
END $$;

-- The worker as the draft wants them; what a draft does not say stays. The external id is that of the record.
CREATE OR REPLACE FUNCTION hris.as_drafted(old hris.worker, draft jsonb) RETURNS hris.worker LANGUAGE sql STABLE AS $$
    SELECT jsonb_populate_record(old, draft - '{worker_id,worker_number,person,status,deletion_due_on}'::text[]);
$$;

CREATE OR REPLACE FUNCTION hris.keep_worker(kept hris.worker) RETURNS void LANGUAGE sql AS $$
    UPDATE hris.worker w SET
        (external_id, status, facility, family, given, middle, suffix, preferred, birth_date, personal_email, npi,
         position, job_family, title, department, cost_centre, employment_type, manager, start_on, end_on,
         deletion_due_on) =
        ROW (kept.external_id, kept.status, kept.facility, kept.family, kept.given, kept.middle, kept.suffix,
             kept.preferred, kept.birth_date, kept.personal_email, kept.npi, kept.position, kept.job_family, kept.title,
             kept.department, kept.cost_centre, kept.employment_type, kept.manager, kept.start_on, kept.end_on,
             kept.deletion_due_on)
    WHERE w.worker_id = kept.worker_id;
$$;

CREATE OR REPLACE FUNCTION hris.prepare(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    of_hire text := request ->> 'external_id';
    known jsonb := hris.known_hire(of_hire);
    made hris.worker;
    number bigint;
BEGIN
    IF known IS NOT NULL THEN
        RETURN known;
    END IF;
    PERFORM hris.require_place(request, of_hire);
    PERFORM hris.hold_position(request ->> 'position', of_hire, false);
    number := hris.next_number();
    made := hris.as_drafted(NULL, request);
    made.worker_id := 'wid-' || number;
    made.worker_number := (SELECT number_prefix FROM hris.setting) || number;
    made.status := 'PREHIRE';
    INSERT INTO hris.worker SELECT made.*;
    INSERT INTO hris.hire (external_id, worker_id, draft) VALUES (of_hire, made.worker_id, request);
    RETURN hris.worker_json(made);
END $$;

CREATE OR REPLACE FUNCTION hris.revive(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    draft jsonb := request -> 'draft';
    of_hire text := draft ->> 'external_id';
    known jsonb := hris.known_hire(of_hire);
    before hris.worker;
    revived hris.worker;
BEGIN
    IF known IS NOT NULL THEN
        RETURN known;
    END IF;
    SELECT * INTO before FROM hris.worker WHERE worker_id = request ->> 'worker_id' FOR NO KEY UPDATE;
    IF before.worker_id IS NULL OR before.status = 'RESCINDED' THEN
        PERFORM hris.refuse('worker-unknown', format(
            'There is no worker %s who could be hired again.', request ->> 'worker_id'));
    ELSIF before.status <> 'ENDED' THEN
        PERFORM hris.refuse('worker-active', format('Worker %s works here or is about to.', before.worker_number));
    END IF;
    PERFORM hris.require_place(draft, of_hire);
    PERFORM hris.hold_position(draft ->> 'position', of_hire, false);
    revived := hris.as_drafted(before, draft);
    revived.status := 'PREHIRE';
    revived.deletion_due_on := NULL;
    PERFORM hris.keep_worker(revived);
    INSERT INTO hris.hire (external_id, worker_id, draft, before)
    VALUES (of_hire, before.worker_id, draft, to_jsonb(before));
    RETURN hris.worker_json(revived);
END $$;

-- The hire that made or revived somebody; its row and the worker's stay locked.
CREATE OR REPLACE FUNCTION hris.made_hire(of_hire text) RETURNS hris.hire LANGUAGE plpgsql AS $$
DECLARE
    made hris.hire;
BEGIN
    PERFORM hris.wait_for_turn(of_hire);
    SELECT * INTO made FROM hris.hire WHERE external_id = of_hire;
    IF made.worker_id IS NULL THEN
        PERFORM hris.refuse('hire-unknown', 'Nobody was made or revived for this hire.');
    END IF;
    PERFORM FROM hris.worker WHERE worker_id = made.worker_id FOR NO KEY UPDATE;
    RETURN made;
END $$;

CREATE OR REPLACE FUNCTION hris.change(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    of_hire text := request ->> 'external_id';
    wanted jsonb := request -> 'draft' || jsonb_build_object('external_id', of_hire);
    made hris.hire := hris.made_hire(of_hire);
    changed hris.worker;
    old hris.worker;
BEGIN
    IF made.draft = wanted THEN
        RETURN hris.worker_of(made.worker_id);
    END IF;
    SELECT * INTO old FROM hris.worker WHERE worker_id = made.worker_id;
    IF made.rescinded OR old.external_id <> of_hire THEN
        PERFORM hris.refuse('hire-rescinded', format(
            'The hire of worker %s was rescinded or is over.', old.worker_number));
    END IF;
    -- Both positions are locked by number before one of them is looked at.
    PERFORM FROM hris.position WHERE holder = of_hire OR number = wanted ->> 'position' ORDER BY number COLLATE "C"
    FOR NO KEY UPDATE;
    PERFORM hris.require_place(wanted, of_hire);
    PERFORM hris.hold_position(wanted ->> 'position', of_hire, made.begun_on IS NOT NULL);
    changed := hris.as_drafted(old, wanted);
    IF made.begun_on IS NOT NULL AND made.draft ->> 'start_on' = wanted ->> 'start_on' THEN
        changed.start_on := old.start_on;  -- the day on which they came, unless it is the start that is corrected
    END IF;
    PERFORM hris.keep_worker(changed);
    UPDATE hris.hire SET draft = wanted WHERE external_id = of_hire;
    RETURN hris.worker_json(changed);
END $$;

CREATE OR REPLACE FUNCTION hris.begin(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    of_hire text := request ->> 'external_id';
    made hris.hire := hris.made_hire(of_hire);
    begun hris.worker;
BEGIN
    IF made.begun_on IS NOT NULL THEN
        RETURN hris.worker_of(made.worker_id);
    END IF;
    SELECT * INTO begun FROM hris.worker WHERE worker_id = made.worker_id;
    IF made.rescinded THEN
        PERFORM hris.refuse('hire-rescinded', format('The hire of worker %s was rescinded.', begun.worker_number));
    END IF;
    begun.status := 'ACTIVE';
    begun.start_on := (request ->> 'on')::date;
    PERFORM hris.keep_worker(begun);
    PERFORM hris.hold_position(begun.position, of_hire, true);
    UPDATE hris.hire SET begun_on = begun.start_on WHERE external_id = of_hire;
    RETURN hris.worker_json(begun);
END $$;

-- A revived worker is as before; a new one who never came is rescinded, one who did has ended on the first day.
CREATE OR REPLACE FUNCTION hris.taken_back(present hris.worker, made hris.hire) RETURNS hris.worker LANGUAGE plpgsql AS $$
BEGIN
    IF made.before IS NOT NULL THEN
        RETURN jsonb_populate_record(present, made.before);
    ELSIF made.begun_on IS NULL THEN
        present.status := 'RESCINDED';
    ELSE
        present.status := 'ENDED';
        present.end_on := present.start_on;
    END IF;
    RETURN present;
END $$;

CREATE OR REPLACE FUNCTION hris.rescind(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    of_hire text := request ->> 'external_id';
    made hris.hire;
    present hris.worker;
BEGIN
    PERFORM hris.wait_for_turn(of_hire);
    -- An attempt to make it that is still under way finds this, and makes nothing.
    INSERT INTO hris.hire (external_id, rescinded, reason) VALUES (of_hire, true, request ->> 'reason')
    ON CONFLICT DO NOTHING;
    SELECT * INTO made FROM hris.hire WHERE external_id = of_hire;
    SELECT * INTO present FROM hris.worker WHERE worker_id = made.worker_id FOR NO KEY UPDATE;
    IF made.rescinded THEN
        RETURN hris.worker_json(present);
    ELSIF present.external_id <> of_hire THEN
        PERFORM hris.refuse('hire-over', format('Worker %s has been hired again since.', present.worker_number));
    END IF;
    PERFORM hris.hold_position(NULL, of_hire, false);
    present := hris.taken_back(present, made);
    PERFORM hris.keep_worker(present);
    UPDATE hris.hire SET rescinded = true, reason = request ->> 'reason' WHERE external_id = of_hire;
    RETURN hris.worker_json(present);
END $$;
