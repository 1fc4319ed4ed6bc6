-- What the functions that make documents have in common. A refusal is SQLSTATE ERP01: its code word is the DETAIL,
-- the sentence for people is the message.

CREATE OR REPLACE FUNCTION erp.refuse(code text, sentence text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'ERP01', MESSAGE = sentence, DETAIL = code;
END $$;

-- Requests with the same external id wait for one another, so that the later ones find the first one's document.
CREATE OR REPLACE FUNCTION erp.wait_for_turn(kind text, external_id text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(kind || ':' || external_id, 0));
$$;

-- Gapless, as auditors expect of an ERP. Taken last: the row stays locked until the document is committed.
CREATE OR REPLACE FUNCTION erp.next_number(of_kind text, in_year integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    taken integer;
BEGIN
    INSERT INTO erp.number_sequence AS s (kind, year, last) VALUES (of_kind, in_year, 1)
    ON CONFLICT (kind, year) DO UPDATE SET last = s.last + 1
    RETURNING last INTO taken;
    RETURN of_kind || CASE WHEN in_year > 0 THEN '-' || in_year ELSE '' END || '-' || lpad(taken::text, 6, '0');
END $$;

CREATE OR REPLACE FUNCTION erp.period_is_open(of_facility text, on_day date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM erp.closed_period WHERE facility = of_facility AND on_day BETWEEN starts AND ends
    );
$$;

CREATE OR REPLACE FUNCTION erp.require_open_period(of_facility text, on_day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT erp.period_is_open(of_facility, on_day) THEN
        PERFORM erp.refuse('period-closed', format('The books of %s are closed on %s.', of_facility, on_day));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION erp.require_cost_centre(wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM erp.cost_centre WHERE code = wanted AND open) THEN
        PERFORM erp.refuse('cost-centre-closed', format('Cost centre %s is unknown or closed.', wanted));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION erp.require_item(wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF wanted IS NOT NULL AND NOT EXISTS (SELECT FROM erp.item WHERE code = wanted) THEN
        PERFORM erp.refuse('item-unknown', format('Item %s is not in the catalogue.', wanted));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION erp.require_supplier(wanted text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    blocked boolean;
BEGIN
    SELECT blocked_orders INTO blocked FROM erp.supplier WHERE code = wanted;
    IF blocked IS NULL THEN
        PERFORM erp.refuse('supplier-unknown', format('Supplier %s is not in the master data.', wanted));
    ELSIF blocked THEN
        PERFORM erp.refuse('supplier-blocked', format('Supplier %s is blocked for orders.', wanted));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION erp.require_costs(of_line integer, costs jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    share jsonb;
    total numeric := 0;
BEGIN
    FOR share IN SELECT * FROM jsonb_array_elements(costs) LOOP
        PERFORM erp.require_cost_centre(share ->> 'cost_centre');
        IF NOT EXISTS (SELECT FROM erp.account WHERE code = share ->> 'account' AND open) THEN
            PERFORM erp.refuse('account-unknown', format(
                'Line %s: expense account %s is unknown or closed.', of_line, coalesce(share ->> 'account', '(none)')));
        END IF;
        total := total + (share ->> 'percent')::numeric;
    END LOOP;
    IF total <> 100 THEN
        PERFORM erp.refuse('cost-split', format('Line %s: the cost shares sum to %s, not 100.', of_line, total));
    END IF;
END $$;

-- Draw `new_amount` in place of `old_amount` from a contract's limit. The contract's row stays locked.
CREATE OR REPLACE FUNCTION erp.draw_contract(wanted text, old_amount numeric, new_amount numeric) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    agreement erp.contract;
BEGIN
    SELECT * INTO agreement FROM erp.contract WHERE number = wanted FOR NO KEY UPDATE;
    IF new_amount > old_amount AND agreement.drawn - old_amount + new_amount > agreement.value_limit THEN
        PERFORM erp.refuse('contract-exhausted', format(
            'Contract %s has %s of %s %s left.', wanted, agreement.value_limit - agreement.drawn + old_amount,
            agreement.value_limit, agreement.currency));
    END IF;
    UPDATE erp.contract SET drawn = drawn - old_amount + new_amount WHERE number = wanted;
END $$;

CREATE OR REPLACE FUNCTION erp.require_contract(
    wanted text, of_supplier text, of_item text, in_currency text, on_day date
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    agreement erp.contract;
BEGIN
    SELECT * INTO agreement FROM erp.contract WHERE number = wanted;
    IF agreement.number IS NULL OR agreement.supplier <> of_supplier OR agreement.item IS DISTINCT FROM of_item
        OR agreement.currency <> in_currency THEN
        PERFORM erp.refuse('contract-unknown', format(
            'There is no contract %s for this item with supplier %s in %s.', wanted, of_supplier, in_currency));
    ELSIF on_day NOT BETWEEN agreement.starts AND agreement.ends THEN
        PERFORM erp.refuse('contract-expired', format(
            'Contract %s runs from %s to %s.', wanted, agreement.starts, agreement.ends));
    END IF;
END $$;
