-- Who decides for whom, who may combine duties, and what the worklist and the families of cases need for both.

-- Delegations -------------------------------------------------------------------------------------------------------

CREATE TABLE delegations (
    delegation_id  text COLLATE "C" PRIMARY KEY,
    delegator      text COLLATE "C" NOT NULL,
    delegate       text COLLATE "C" NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL,
    scope          jsonb NOT NULL,
    reason         text NOT NULL,
    made_by        text NOT NULL,
    made_at        timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_by     text,
    CHECK (delegator <> delegate),
    CHECK (valid_from < valid_until),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX delegations_received ON delegations (delegate, valid_until) WHERE revoked_at IS NULL;
CREATE INDEX delegations_given ON delegations (delegator, valid_until) WHERE revoked_at IS NULL;
CREATE INDEX delegations_to ON delegations (delegate, made_at DESC, delegation_id DESC);
CREATE INDEX delegations_by ON delegations (delegator, made_at DESC, delegation_id DESC);

-- A delegation is what it was made as; the only thing that can happen to it is one revocation.
CREATE FUNCTION refuse_change_of_delegation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.revoked_at IS NOT NULL
       OR (NEW.delegation_id, NEW.delegator, NEW.delegate, NEW.valid_from, NEW.valid_until, NEW.scope, NEW.reason,
           NEW.made_by, NEW.made_at)
          <> (OLD.delegation_id, OLD.delegator, OLD.delegate, OLD.valid_from, OLD.valid_until, OLD.scope, OLD.reason,
              OLD.made_by, OLD.made_at) THEN
        RAISE EXCEPTION '% on %: a delegation is revoked, never changed', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delegation_rows_stay BEFORE UPDATE OR DELETE ON delegations
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_delegation();

-- Overrides of the segregation of duties ----------------------------------------------------------------------------

CREATE TABLE segregation_overrides (
    override_id   text COLLATE "C" PRIMARY KEY,
    person        text COLLATE "C" NOT NULL,
    rule          text NOT NULL,
    facility      text COLLATE "C" NOT NULL,
    case_id       text COLLATE "C",
    reason        text NOT NULL,
    valid_until   timestamptz NOT NULL,
    requested_by  text NOT NULL,
    requested_at  timestamptz NOT NULL,
    approved_by   text,
    approved_at   timestamptz,
    ended_by      text,
    ended_at      timestamptz,
    CHECK (requested_at < valid_until),
    CHECK (approved_by NOT IN (person, requested_by)),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE INDEX segregation_overrides_held ON segregation_overrides (person, valid_until)
    WHERE approved_at IS NOT NULL;
CREATE INDEX segregation_overrides_newest ON segregation_overrides (requested_at DESC, override_id DESC);

CREATE TABLE segregation_override_uses (
    override_id  text COLLATE "C" NOT NULL REFERENCES segregation_overrides,
    decision_id  text COLLATE "C" NOT NULL,
    task_id      text COLLATE "C" NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    used_at      timestamptz NOT NULL,
    PRIMARY KEY (override_id, decision_id)
);
CREATE TRIGGER segregation_override_uses_stay BEFORE UPDATE OR DELETE ON segregation_override_uses
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Families of cases and worklists -----------------------------------------------------------------------------------

-- Cases that name others of their family; most name none and are not in here.
CREATE INDEX cases_linked ON cases USING gin ((snapshot -> 'linked') jsonb_path_ops)
    WHERE snapshot -> 'linked' <> '[]'::jsonb;

CREATE INDEX tasks_claimed ON tasks (claimed_by) WHERE status = 'open' AND claimed_by IS NOT NULL;

-- Who approved already is not asked again: for the worklist that is the same as being excluded.
CREATE FUNCTION not_asked(task jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT jsonb_array_elements_text(task -> 'excluded')
             UNION SELECT jsonb_array_elements_text(coalesce(task -> 'approved_by', '[]')));

CREATE OR REPLACE FUNCTION record_task(new jsonb, journal_version integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- A closed task stays as it closed; an open one follows the later journal.
    INSERT INTO tasks (task_id, case_id, version, status, opened_at, body)
    VALUES (new ->> 'task_id', new ->> 'case_id', journal_version, new ->> 'status',
            (new ->> 'opened_at')::timestamptz, new)
    ON CONFLICT (task_id) DO UPDATE
        SET version = excluded.version, status = excluded.status, body = excluded.body
        WHERE tasks.status = 'open' AND (excluded.status <> 'open' OR excluded.version >= tasks.version);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    DELETE FROM worklist WHERE task_id = new ->> 'task_id';
    IF new ->> 'status' = 'open' THEN
        INSERT INTO worklist (audience, due_at, opened_at, task_id, excluded)
        SELECT audience, coalesce((new ->> 'due_at')::timestamptz, '9999-12-31 00:00:00Z'),
               (new ->> 'opened_at')::timestamptz, new ->> 'task_id', not_asked(new)
        FROM audiences(new) AS audience;
    END IF;
END $$;
