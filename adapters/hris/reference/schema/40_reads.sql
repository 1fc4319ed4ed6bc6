-- What integrators read.

CREATE OR REPLACE FUNCTION hris.worker_json(wanted hris.worker) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN wanted.worker_id IS NOT NULL THEN to_jsonb(wanted) - 'person' END;
$$;

CREATE OR REPLACE FUNCTION hris.worker_of(wanted text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT hris.worker_json(w) FROM hris.worker w WHERE w.worker_id = wanted;
$$;

CREATE OR REPLACE FUNCTION hris.health(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('number_prefix', number_prefix) FROM hris.setting;
$$;

CREATE OR REPLACE FUNCTION hris.read_worker(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT hris.worker_of(request ->> 'worker_id');
$$;

CREATE OR REPLACE FUNCTION hris.find_worker(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT hris.worker_of(worker_id) FROM hris.hire WHERE external_id = request ->> 'external_id';
$$;

CREATE OR REPLACE FUNCTION hris.read_reference(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'position', (
            SELECT jsonb_build_object(
                'number', p.number, 'facility', p.facility, 'department', p.department, 'job_family', p.job_family,
                'title', p.title, 'cost_centre', p.cost_centre, 'budgeted', p.budgeted,
                'status', hris.position_status(p), 'holder', coalesce(p.holder, ''))
            FROM hris.position p WHERE p.number = request ->> 'position'),
        'department_known', EXISTS (
            SELECT FROM hris.department WHERE facility = request ->> 'facility' AND code = request ->> 'department'),
        'manager', (SELECT hris.worker_json(m) FROM hris.manager(request ->> 'manager') m));
$$;

-- The words of a name without case, accents and apostrophes.
CREATE OR REPLACE FUNCTION hris.name_words(name text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_remove(regexp_split_to_array(
        lower(regexp_replace(normalize(name, NFKD), '[\u0300-\u036f''\u2019\u02bc`]', '', 'g')), '[^[:alnum:]]+'), '');
$$;

CREATE OR REPLACE FUNCTION hris.same_words(one text[], other text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT one @> other AND other @> one;
$$;

CREATE INDEX IF NOT EXISTS worker_words ON hris.worker USING gin (hris.name_words(given || ' ' || family));

-- Workers who could be the person, at most `most`: those whose number, NPI, mail or birth date is the person's, then
-- those with a word of the name in common where it is a family name on one side.
CREATE OR REPLACE FUNCTION hris.find_candidates(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH asked AS (
        SELECT upper(r.worker_number) AS number, r.npi, r.birth_date, lower(r.personal_email) AS mail,
            hris.name_words(r.family) AS family, hris.name_words(r.given || ' ' || r.family) AS words, r.most
        FROM jsonb_to_record(request) AS r (
            worker_number text, npi text, birth_date date, personal_email text, given text, family text, most integer)
    ), found AS (
        SELECT w, CASE WHEN a.number <> '' AND upper(w.worker_number) = a.number THEN 32 ELSE 0 END
            + CASE WHEN a.npi <> '' AND w.npi = a.npi THEN 16 ELSE 0 END
            + CASE WHEN w.birth_date = a.birth_date THEN 8 ELSE 0 END
            + CASE WHEN a.mail <> '' AND lower(w.personal_email) = a.mail THEN 4 ELSE 0 END
            + CASE WHEN hris.same_words(hris.name_words(w.given || ' ' || w.family), a.words) THEN 2 ELSE 0 END
            + CASE WHEN hris.name_words(w.given || ' ' || w.family) && a.family
                     OR hris.name_words(w.family) && a.words THEN 1 ELSE 0 END AS strength
        FROM asked a JOIN hris.worker w ON upper(w.worker_number) = a.number
            OR (a.npi <> '' AND w.npi = a.npi)
            OR w.birth_date = a.birth_date
            OR (a.mail <> '' AND lower(w.personal_email) = a.mail)
            OR hris.name_words(w.given || ' ' || w.family) && a.words
        WHERE w.status <> 'RESCINDED'
    ), chosen AS (
        SELECT w, strength FROM found WHERE strength > 0
        ORDER BY strength DESC, (w).worker_id COLLATE "C" LIMIT (SELECT most FROM asked)
    )
    SELECT coalesce(jsonb_agg(hris.worker_json(w) ORDER BY strength DESC, (w).worker_id COLLATE "C"), '[]') FROM chosen;
$$;

-- One more than `most`, so that the caller knows whether there is another page.
CREATE OR REPLACE FUNCTION hris.list_workers(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(hris.worker_json(w) ORDER BY w.worker_id COLLATE "C"), '[]')
    FROM (
        SELECT * FROM hris.worker
        WHERE status IN ('PREHIRE', 'ACTIVE') AND worker_id COLLATE "C" > request ->> 'after'
        ORDER BY worker_id COLLATE "C" LIMIT (request ->> 'most')::integer + 1
    ) w;
$$;
