-- What the functions have in common. A refusal is SQLSTATE HRS01: its code word is the DETAIL, the sentence for people
-- is the message. No sentence says anything personal.

CREATE OR REPLACE FUNCTION hris.refuse(code text, sentence text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'HRS01', MESSAGE = sentence, DETAIL = code;
END $$;

-- Requests with the same external id wait for one another, so that the later ones find what the first one did.
CREATE OR REPLACE FUNCTION hris.wait_for_turn(external_id text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('hire:' || external_id, 0));
$$;

-- Taken last: the row stays locked until the worker is committed.
CREATE OR REPLACE FUNCTION hris.next_number() RETURNS bigint LANGUAGE sql AS $$
    UPDATE hris.setting SET last_number = last_number + 1 RETURNING last_number;
$$;

-- By the id in the people directory, or by worker number.
CREATE OR REPLACE FUNCTION hris.manager(wanted text) RETURNS hris.worker LANGUAGE sql STABLE AS $$
    SELECT * FROM hris.worker WHERE person = wanted OR worker_number = wanted ORDER BY person = wanted DESC NULLS LAST
    LIMIT 1;
$$;

-- The place exists and is free, or is held by `for_hire` itself. The position's row stays locked.
CREATE OR REPLACE FUNCTION hris.require_place(draft jsonb, for_hire text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place hris.position;
    boss hris.worker := hris.manager(draft ->> 'manager');
BEGIN
    IF NOT EXISTS (SELECT FROM hris.department
                   WHERE facility = draft ->> 'facility' AND code = draft ->> 'department') THEN
        PERFORM hris.refuse('department-unknown', format(
            '%s has no department %s.', draft ->> 'facility', draft ->> 'department'));
    ELSIF boss.status IS DISTINCT FROM 'ACTIVE' THEN
        PERFORM hris.refuse('manager-missing', 'The manager does not work here.');
    END IF;
    SELECT * INTO place FROM hris.position
    WHERE number = draft ->> 'position' AND facility = draft ->> 'facility' FOR NO KEY UPDATE;
    IF place.number IS NULL THEN
        PERFORM hris.refuse('position-unknown', format(
            '%s has no position %s.', draft ->> 'facility', draft ->> 'position'));
    ELSIF place.holder <> for_hire THEN
        PERFORM hris.refuse('position-taken', format('Position %s is taken.', place.number));
    ELSIF place.holder IS NULL AND place.closed THEN
        PERFORM hris.refuse('position-closed', format('Position %s is closed.', place.number));
    END IF;
END $$;

-- The hire holds this position and no other.
CREATE OR REPLACE FUNCTION hris.hold_position(wanted text, for_hire text, fill boolean) RETURNS void LANGUAGE sql AS $$
    UPDATE hris.position SET holder = NULL, filled = false WHERE holder = for_hire AND number IS DISTINCT FROM wanted;
    UPDATE hris.position SET holder = for_hire, filled = fill WHERE number = wanted;
$$;
