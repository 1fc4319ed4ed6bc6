-- What may be paid, which payment claimed it, what became of it, and what banks said.
-- Account numbers of suppliers stand in payables.body, payments.body, payment_files.content and bank_messages.content
-- only, so that rights can be given column by column. Amounts are numeric; JSON holds them as text.

-- One row per invoice: its lock is what claims, holds and withdrawals of that invoice wait at.
CREATE TABLE payables (
    case_id      text COLLATE "C" PRIMARY KEY,
    facility     text COLLATE "C",
    currency     text COLLATE "C",
    supplier     text,
    amount       numeric,
    due_on       date,
    body         jsonb,  -- the offer; NULL: it may not be paid
    hold_reason  text,   -- NULL: not held
    payment_id   text COLLATE "C",  -- the payment that claimed it; NULL: free
    CONSTRAINT an_offer_is_whole CHECK (
        num_nulls(facility, currency, supplier, amount, due_on, body) IN (0, 6)),
    CONSTRAINT what_is_claimed_is_offered CHECK (payment_id IS NULL OR body IS NOT NULL)
);
CREATE INDEX payables_open ON payables (facility, currency, due_on, case_id)
    WHERE body IS NOT NULL AND payment_id IS NULL;
CREATE INDEX payables_of_payment ON payables (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE payments (
    payment_id  text COLLATE "C" PRIMARY KEY,
    position    bigint GENERATED ALWAYS AS IDENTITY,
    run_id      text COLLATE "C" NOT NULL,
    facility    text COLLATE "C" NOT NULL,
    supplier    text NOT NULL,
    currency    text NOT NULL,
    amount      numeric NOT NULL,
    pay_on      date NOT NULL,
    state       text NOT NULL CONSTRAINT known_payment_state CHECK (state IN (
        'proposed', 'released', 'delivered', 'accepted', 'booked', 'rejected', 'returned', 'withdrawn')),
    reason      text NOT NULL,
    freed       boolean NOT NULL DEFAULT false,  -- its invoices may be claimed by other payments
    purged      boolean NOT NULL DEFAULT false,  -- whom it went to is gone
    body        jsonb NOT NULL
);
CREATE INDEX payments_of_run ON payments (run_id, position);

-- Claims, and their history: `active` until the payment is released.
CREATE TABLE payment_items (
    payment_id  text COLLATE "C" NOT NULL REFERENCES payments,
    case_id     text COLLATE "C" NOT NULL,
    amount      numeric NOT NULL,
    discount    numeric NOT NULL,
    active      boolean NOT NULL DEFAULT true,
    PRIMARY KEY (payment_id, case_id)
);
-- One payment per invoice, whatever the code above it does.
CREATE UNIQUE INDEX one_claim_per_invoice ON payment_items (case_id) WHERE active;
CREATE INDEX payment_items_of_invoice ON payment_items (case_id, payment_id);

-- The gate: what the register does not call posted or payable is neither offered nor claimed, whoever asks. The share
-- lock makes whoever changes that state wait until this transaction is over.
CREATE FUNCTION may_be_paid(invoice text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM invoice_register WHERE case_id = invoice AND state IN ('posted', 'payable') FOR SHARE;
    RETURN FOUND;
END $$;

CREATE FUNCTION refuse_unmatched_offer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body IS NOT NULL AND NOT may_be_paid(NEW.case_id) THEN
        RAISE EXCEPTION 'the invoice is not matched and posted: it may not be paid'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'matched_before_paid';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payables_are_matched BEFORE INSERT OR UPDATE OF body ON payables
    FOR EACH ROW EXECUTE FUNCTION refuse_unmatched_offer();

CREATE FUNCTION refuse_unmatched_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT may_be_paid(NEW.case_id) OR NOT EXISTS (
        SELECT FROM payables WHERE case_id = NEW.case_id AND body IS NOT NULL AND hold_reason IS NULL
    ) THEN
        RAISE EXCEPTION 'the invoice is not matched, not offered or held: it may not be paid'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'matched_before_paid';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER claims_are_matched BEFORE INSERT ON payment_items
    FOR EACH ROW EXECUTE FUNCTION refuse_unmatched_claim();

-- What a payment carried is never forgotten; all that may happen to it is that its claim ends, once.
CREATE FUNCTION refuse_change_of_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.payment_id, NEW.case_id, NEW.amount, NEW.discount)
                           <> (OLD.payment_id, OLD.case_id, OLD.amount, OLD.discount) OR NEW.active > OLD.active THEN
        RAISE EXCEPTION '% on %: what a payment carried is only ever added to', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_item_rows_stay BEFORE UPDATE OR DELETE ON payment_items
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_item();
CREATE TRIGGER payment_rows_stay BEFORE DELETE ON payments FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Files and messages ------------------------------------------------------------------------------------------------

CREATE TABLE payment_files (
    message_id  text COLLATE "C" PRIMARY KEY,
    run_id      text COLLATE "C" NOT NULL,
    name        text NOT NULL,
    content     bytea NOT NULL,  -- UTF-8
    kept_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payment_files_of_run ON payment_files (run_id);
CREATE TRIGGER payment_file_rows_stay BEFORE UPDATE OR DELETE ON payment_files
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_purge('run_id');
CREATE TRIGGER payment_files_stay BEFORE TRUNCATE ON payment_files
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE bank_messages (
    bank         text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    name         text NOT NULL,
    content      bytea NOT NULL,  -- UTF-8; empty once every payment that it names is purged
    taken_in_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bank, key)
);

CREATE TABLE bank_cursors (
    bank  text COLLATE "C" PRIMARY KEY,
    key   text NOT NULL
);

CREATE TABLE bank_facts (
    fact_id     text COLLATE "C" PRIMARY KEY,
    bank        text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    message_id  text NOT NULL,
    payment_id  text COLLATE "C" NOT NULL,
    amount      numeric,
    currency    text,
    stated_on   date,
    reason      text NOT NULL,
    source      text NOT NULL,
    FOREIGN KEY (bank, key) REFERENCES bank_messages
);
CREATE INDEX bank_facts_of_message ON bank_facts (bank, key);
CREATE INDEX bank_facts_of_payment ON bank_facts (payment_id) WHERE payment_id <> '';

CREATE TABLE statement_balances (
    account_fingerprint  text COLLATE "C" NOT NULL,
    statement_id         text COLLATE "C" NOT NULL,
    stated_on            date NOT NULL,
    currency             text NOT NULL,
    opening              numeric NOT NULL,
    closing              numeric NOT NULL,
    entries_total        numeric NOT NULL,
    reconciled           boolean NOT NULL,
    PRIMARY KEY (account_fingerprint, statement_id)
);

CREATE TRIGGER bank_fact_rows_stay BEFORE UPDATE OR DELETE ON bank_facts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_balance_rows_stay BEFORE UPDATE OR DELETE ON statement_balances
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Keeping -----------------------------------------------------------------------------------------------------------

-- Of an invoice case its offer goes; of a payment run its files, to whom its payments went, and the text of those
-- messages of which every payment is purged. Ids, amounts and states stay: an id is never used again.
CREATE FUNCTION purge_payments(purged_case text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_items SET active = false WHERE case_id = purged_case AND active;
    DELETE FROM payables WHERE case_id = purged_case;
    DELETE FROM payment_files WHERE run_id = purged_case;
    UPDATE payments SET purged = true, reason = '', body = body || '{"supplier_name": "", "account": {}}'
    WHERE run_id = purged_case;
    UPDATE bank_messages AS message SET content = ''
    FROM (SELECT DISTINCT bank, key FROM bank_facts JOIN payments USING (payment_id) WHERE run_id = purged_case) AS own
    WHERE message.bank = own.bank AND message.key = own.key AND NOT EXISTS (
        SELECT FROM bank_facts LEFT JOIN payments USING (payment_id)
        WHERE bank_facts.bank = own.bank AND bank_facts.key = own.key AND bank_facts.payment_id <> ''
              AND NOT coalesce(payments.purged, false));
END $$;

-- What people wrote as a reason.
CREATE FUNCTION redact_payments(redacted_case text, removed text, shown text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE payables SET hold_reason = replace(hold_reason, removed, shown)
    WHERE case_id = redacted_case AND hold_reason IS NOT NULL;
    UPDATE payments SET reason = replace(reason, removed, shown) WHERE run_id = redacted_case;
END;

CREATE OR REPLACE FUNCTION purge_case(purged text) RETURNS void LANGUAGE plpgsql AS $$
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
    PERFORM purge_documents(purged);
    PERFORM purge_register(purged);
    PERFORM purge_payments(purged);
    DELETE FROM cases WHERE case_id = purged;
END $$;
