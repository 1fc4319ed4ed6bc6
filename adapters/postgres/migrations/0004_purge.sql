-- Purging a case whose time to be kept is over.

-- Everything of a case but the entry recorded last, which says that it was purged.
CREATE FUNCTION purge_case(purged text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO purged_cases (case_id, position, hash)
    SELECT case_id, chain_position, chain_hash FROM cases WHERE case_id = purged
    ON CONFLICT (case_id) DO UPDATE SET position = excluded.position, hash = excluded.hash;
    DELETE FROM timeline USING purged_cases AS stone
    WHERE timeline.case_id = purged AND stone.case_id = purged AND timeline.position < stone.position;
    DELETE FROM worklist USING tasks WHERE worklist.task_id = tasks.task_id AND tasks.case_id = purged;
    DELETE FROM tasks WHERE case_id = purged;
    DELETE FROM deliveries USING notices WHERE deliveries.notice_id = notices.notice_id AND notices.case_id = purged;
    DELETE FROM notices WHERE case_id = purged;
    DELETE FROM case_suppliers WHERE case_id = purged;
    DELETE FROM case_orders WHERE case_id = purged;
    DELETE FROM cases WHERE case_id = purged;
END $$;
CREATE INDEX notices_of_case ON notices (case_id);
