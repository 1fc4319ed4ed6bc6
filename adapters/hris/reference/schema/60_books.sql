-- For those who count: one row per hire and per position, as the HRIS itself holds them. Nothing personal is in them.

CREATE OR REPLACE VIEW hris.hire_summary AS
SELECT h.external_id, w.worker_id, w.worker_number, w.status, h.before IS NOT NULL AS revived, h.begun_on, h.rescinded,
    (SELECT count(*) FROM hris.worker_history y WHERE y.worker_id = w.worker_id AND y.external_id = h.external_id)
        AS entries
FROM hris.hire h LEFT JOIN hris.worker w USING (worker_id);

CREATE OR REPLACE VIEW hris.position_summary AS
SELECT p.number, p.facility, p.department, p.job_family, hris.position_status(p) AS status, coalesce(p.holder, '') AS holder
FROM hris.position p;
