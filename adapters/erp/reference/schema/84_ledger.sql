-- The general ledger: documents of two sides that balance to the cent when they are committed, and never change.

-- The accounts beside the expense accounts. 'accrual' is what was received and not billed yet.
CREATE TABLE IF NOT EXISTS erp.posting_account (
    role text PRIMARY KEY
        CHECK (role IN ('bank', 'payables', 'disputed', 'accrual', 'discounts', 'variance', 'tax')),
    code text NOT NULL UNIQUE
);
INSERT INTO erp.posting_account (role, code) VALUES
    ('bank', '100100'), ('payables', '200100'), ('disputed', '200200'), ('accrual', '210100'),
    ('discounts', '490100'), ('variance', '690100'), ('tax', '691100')
ON CONFLICT DO NOTHING;

-- `unbalanced` is what its entries do not balance by so far; no transaction ends while it is not zero.
CREATE TABLE IF NOT EXISTS erp.ledger_document (
    number text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('RECEIPT', 'RETURN', 'RV', 'OB', 'INVOICE', 'INVOICE_REVERSAL', 'PAYMENT',
                                       'PAYMENT_REVERSAL')),
    facility text NOT NULL,
    currency char(3) NOT NULL,
    booked_on date NOT NULL,
    reverses text REFERENCES erp.ledger_document,
    unbalanced numeric NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS erp.ledger_entry (
    document text NOT NULL REFERENCES erp.ledger_document,
    position integer NOT NULL,
    account text NOT NULL,
    cost_centre text NOT NULL,
    order_number text,
    order_line integer,
    debit erp.amount NOT NULL,
    credit erp.amount NOT NULL,
    PRIMARY KEY (document, position),
    CHECK ((debit = 0) <> (credit = 0))
);
CREATE INDEX IF NOT EXISTS ledger_entry_order ON erp.ledger_entry (order_number, account);
CREATE INDEX IF NOT EXISTS ledger_entry_account ON erp.ledger_entry (account);

CREATE OR REPLACE FUNCTION erp.weigh_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE erp.ledger_document d SET unbalanced = d.unbalanced + e.amount
    FROM (SELECT document, sum(debit - credit) AS amount FROM new_entries GROUP BY document) e
    WHERE d.number = e.document;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION erp.require_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    difference numeric;
BEGIN
    SELECT unbalanced INTO difference FROM erp.ledger_document WHERE number = NEW.number;
    IF difference <> 0 THEN
        PERFORM erp.refuse('not-balanced', format('Document %s is out of balance by %s.', NEW.number, difference));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION erp.forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM erp.refuse('ledger-fixed', 'What is in the general ledger is reversed, never changed.');
    RETURN NULL;
END $$;

DO $$
BEGIN
    CREATE TRIGGER ledger_entry_weighed AFTER INSERT ON erp.ledger_entry
        REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION erp.weigh_entries();
    CREATE TRIGGER ledger_entry_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON erp.ledger_entry
        FOR EACH STATEMENT EXECUTE FUNCTION erp.forbid_change();
    CREATE CONSTRAINT TRIGGER ledger_document_balances AFTER INSERT OR UPDATE ON erp.ledger_document
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION erp.require_balance();
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

-- One row of a document: debited when positive, credited when negative.
DO $$
BEGIN
    CREATE TYPE erp.booking AS (account text, cost_centre text, order_number text, order_line integer, amount numeric);
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

CREATE OR REPLACE FUNCTION erp.ledger_account(of_role text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT code FROM erp.posting_account WHERE role = of_role;
$$;

-- Nothing is booked when every amount is zero.
CREATE OR REPLACE FUNCTION erp.book(
    of_document text, of_kind text, of_facility text, in_currency text, on_day date, bookings erp.booking[],
    of_reversed text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(bookings) b WHERE b.amount <> 0) THEN
        RETURN;
    END IF;
    INSERT INTO erp.ledger_document (number, kind, facility, currency, booked_on, reverses)
    VALUES (of_document, of_kind, of_facility, in_currency, on_day, of_reversed);
    INSERT INTO erp.ledger_entry (document, position, account, cost_centre, order_number, order_line, debit, credit)
    SELECT of_document, row_number() OVER (ORDER BY order_number, order_line, account, cost_centre), account,
        coalesce(cost_centre, ''), order_number, order_line, greatest(amount, 0), greatest(-amount, 0)
    FROM (
        SELECT account, cost_centre, order_number, order_line, sum(amount) AS amount FROM unnest(bookings)
        GROUP BY account, cost_centre, order_number, order_line
    ) b
    WHERE amount <> 0;
END $$;

CREATE OR REPLACE FUNCTION erp.book_reversal(of_document text, by_document text, of_kind text, on_day date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    old erp.ledger_document;
BEGIN
    SELECT * INTO old FROM erp.ledger_document WHERE number = of_document;
    IF old.number IS NOT NULL THEN
        PERFORM erp.book(by_document, of_kind, old.facility, old.currency, on_day, (
            SELECT array_agg(ROW (account, cost_centre, order_number, order_line, credit - debit)::erp.booking)
            FROM erp.ledger_entry WHERE document = of_document), of_document);
    END IF;
END $$;

-- The shares of an amount to the cent: the last ones carry the remainder.
CREATE OR REPLACE FUNCTION erp.charged(total numeric, costs jsonb, in_currency text)
RETURNS TABLE (account text, cost_centre text, amount numeric) LANGUAGE sql IMMUTABLE AS $$
    SELECT c ->> 'account', c ->> 'cost_centre',
        round(total * upto / 100, digits) - round(total * (upto - percent) / 100, digits)
    FROM (
        SELECT c, erp.minor_units(in_currency) AS digits, (c ->> 'percent')::numeric AS percent,
            sum((c ->> 'percent')::numeric) OVER (ORDER BY position) AS upto
        FROM jsonb_array_elements(costs) WITH ORDINALITY AS t (c, position)
    ) shares;
$$;

CREATE OR REPLACE FUNCTION erp.order_costs_json(of_order text, of_line integer) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'account', account, 'cost_centre', cost_centre, 'percent', percent) ORDER BY position), '[]')
    FROM erp.order_cost WHERE order_number = of_order AND line = of_line;
$$;

-- What a line's accrual ought to be: what was received and not billed, at the order's price.
CREATE OR REPLACE FUNCTION erp.unbilled(of_line erp.purchase_order_line, in_currency text) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
    SELECT round((of_line.received - of_line.billed) * of_line.unit_price, erp.minor_units(in_currency));
$$;

-- Bring the accrual of every line to what it ought to be, against the costs of the line. Without a `document`, one is
-- numbered by its kind, if there is anything to book.
CREATE OR REPLACE FUNCTION erp.accrue(
    of_order erp.purchase_order, of_kind text, on_day date, document text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bookings erp.booking[];
BEGIN
    WITH changes AS (
        SELECT l.line, erp.unbilled(l, of_order.currency) - l.accrued AS change
        FROM erp.purchase_order_line l WHERE l.order_number = of_order.number
    ), sides AS (
        SELECT c.account, c.cost_centre, line, c.amount
        FROM changes, erp.charged(change, erp.order_costs_json(of_order.number, line), of_order.currency) c
        WHERE change <> 0
        UNION ALL
        SELECT erp.ledger_account('accrual'), '', line, -change FROM changes WHERE change <> 0
    )
    SELECT array_agg(ROW (account, cost_centre, of_order.number, line, amount)::erp.booking) INTO bookings FROM sides;
    IF bookings IS NOT NULL THEN
        PERFORM erp.book(
            coalesce(document, erp.next_number(of_kind, extract(year FROM on_day)::integer)), of_kind,
            of_order.facility, of_order.currency, on_day, bookings);
        UPDATE erp.purchase_order_line l SET accrued = erp.unbilled(l, of_order.currency)
        WHERE l.order_number = of_order.number AND l.accrued <> erp.unbilled(l, of_order.currency);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION erp.first_open_day(of_facility text, on_day date) RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE
    day date := on_day;
BEGIN
    WHILE NOT erp.period_is_open(of_facility, day) LOOP
        SELECT max(ends) + 1 INTO day FROM erp.closed_period WHERE facility = of_facility AND day BETWEEN starts AND ends;
    END LOOP;
    RETURN day;
END $$;

-- A document without a day of its own bears that of the latest receipt or return, or the next one with open books.
CREATE OR REPLACE FUNCTION erp.last_open_movement_day(of_order erp.purchase_order) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT erp.first_open_day(of_order.facility, coalesce(max(booked_on), of_order.ordered_on))
    FROM erp.goods_movement WHERE order_number = of_order.number;
$$;

CREATE OR REPLACE VIEW erp.trial_balance AS
SELECT d.facility, d.currency::text AS currency, e.account, coalesce(p.role, a.name, '') AS name,
    sum(e.debit) AS debit, sum(e.credit) AS credit, sum(e.debit - e.credit) AS balance
FROM erp.ledger_entry e JOIN erp.ledger_document d ON d.number = e.document
LEFT JOIN erp.posting_account p ON p.code = e.account
LEFT JOIN erp.account a ON a.code = e.account
GROUP BY d.facility, d.currency, e.account, p.role, a.name;
