-- Orders: place, change, cancel, close. Rows are locked in one order everywhere (the order, then its contracts by
-- number, then the number sequence), so that callers wait for one another but never in a circle.

CREATE OR REPLACE FUNCTION erp.locked_order(wanted text) RETURNS erp.purchase_order LANGUAGE plpgsql AS $$
DECLARE
    found_order erp.purchase_order;
BEGIN
    SELECT * INTO found_order FROM erp.purchase_order WHERE number = wanted FOR NO KEY UPDATE;
    IF found_order.number IS NULL THEN
        PERFORM erp.refuse('order-unknown', format('There is no order %s.', wanted));
    END IF;
    RETURN found_order;
END $$;

CREATE OR REPLACE FUNCTION erp.require_open_order(wanted erp.purchase_order) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF wanted.status NOT IN ('OPEN', 'RECEIVED') THEN
        PERFORM erp.refuse('order-closed', format('Order %s is %s.', wanted.number,
            CASE WHEN wanted.status = 'CANCELLED' THEN 'cancelled' ELSE 'closed' END));
    END IF;
END $$;

-- What each contract line of an order draws: its whole amount, or that of the received part when `only_received`.
CREATE OR REPLACE FUNCTION erp.contract_draws(of_order text, only_received boolean)
RETURNS TABLE (line integer, contract text, old_amount numeric, new_amount numeric) LANGUAGE sql STABLE AS $$
    SELECT l.line, l.contract, l.contract_drawn,
        round(l.unit_price * CASE WHEN only_received THEN least(l.quantity, l.received) ELSE l.quantity END,
              erp.minor_units(o.currency))
    FROM erp.purchase_order_line l JOIN erp.purchase_order o ON o.number = l.order_number
    WHERE l.order_number = of_order AND l.contract IS NOT NULL;
$$;

CREATE OR REPLACE FUNCTION erp.draw_contracts(of_order text, only_received boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT contract, sum(old_amount) AS old_amount, sum(new_amount) AS new_amount
        FROM erp.contract_draws(of_order, only_received) GROUP BY contract ORDER BY contract COLLATE "C"
    LOOP
        PERFORM erp.draw_contract(each.contract, each.old_amount, each.new_amount);
    END LOOP;
    UPDATE erp.purchase_order_line l SET contract_drawn = d.new_amount
    FROM erp.contract_draws(of_order, only_received) d
    WHERE l.order_number = of_order AND l.line = d.line AND l.contract_drawn <> d.new_amount;
END $$;

-- OPEN until everything that is ordered has come in; CANCELLED when no line orders anything any more.
CREATE OR REPLACE FUNCTION erp.settle_status(of_order text) RETURNS void LANGUAGE sql AS $$
    UPDATE erp.purchase_order o SET status = l.status
    FROM (
        SELECT CASE
            WHEN bool_and(quantity = 0) THEN 'CANCELLED'
            WHEN bool_and(received >= quantity) THEN 'RECEIVED'
            ELSE 'OPEN' END AS status
        FROM erp.purchase_order_line WHERE order_number = of_order
    ) l
    WHERE o.number = of_order AND o.status IN ('OPEN', 'RECEIVED');
$$;

CREATE OR REPLACE FUNCTION erp.require_order(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each jsonb;
    on_day date := (request ->> 'ordered_on')::date;
BEGIN
    PERFORM erp.require_supplier(request ->> 'supplier');
    PERFORM erp.require_open_period(request ->> 'facility', on_day);
    IF jsonb_array_length(request -> 'lines') = 0 THEN
        PERFORM erp.refuse('order-empty', 'An order needs at least one line.');
    END IF;
    FOR each IN SELECT * FROM jsonb_array_elements(request -> 'lines') LOOP
        IF each ->> 'currency' <> request ->> 'currency' THEN
            PERFORM erp.refuse('currency-differs', format('Line %s is in %s, the order in %s.',
                each ->> 'line', each ->> 'currency', request ->> 'currency'));
        ELSIF (each ->> 'quantity')::erp.amount = 0 THEN
            PERFORM erp.refuse('quantity-zero', format('Line %s orders nothing.', each ->> 'line'));
        END IF;
        PERFORM erp.require_item(each ->> 'item');
        PERFORM erp.require_costs((each ->> 'line')::integer, each -> 'costs');
        IF each ->> 'contract' IS NOT NULL THEN
            PERFORM erp.require_contract(
                each ->> 'contract', request ->> 'supplier', each ->> 'item', request ->> 'currency', on_day);
        END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION erp.insert_order_lines(of_order text, lines jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO erp.purchase_order_line (order_number, line, item, description, quantity, unit, pack_size, unit_price,
                                         need_by, deliver_to, contract, gtin, unspsc, category)
    SELECT of_order, line, item, description, quantity, unit, pack_size, unit_price,
           need_by, deliver_to, contract, gtin, unspsc, coalesce(category, '')
    FROM jsonb_to_recordset(lines) AS l (
        line integer, item text, description text, quantity numeric, unit text, pack_size integer, unit_price numeric,
        need_by date, deliver_to text, contract text, gtin text, unspsc text, category text);
    INSERT INTO erp.order_cost (order_number, line, position, cost_centre, account, percent)
    SELECT of_order, (l ->> 'line')::integer, position, c ->> 'cost_centre', c ->> 'account', (c ->> 'percent')::numeric
    FROM jsonb_array_elements(lines) l, jsonb_array_elements(l -> 'costs') WITH ORDINALITY AS t (c, position);
$$;

-- The number sequence is the last row to be locked, so the contracts are drawn before the order has its number.
CREATE OR REPLACE FUNCTION erp.draw_new_lines(lines jsonb, in_currency text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT contract, sum(round(unit_price * quantity, erp.minor_units(in_currency))) AS amount
        FROM jsonb_to_recordset(lines) AS l (contract text, unit_price numeric, quantity numeric)
        WHERE contract IS NOT NULL GROUP BY contract ORDER BY contract COLLATE "C"
    LOOP
        PERFORM erp.draw_contract(each.contract, 0, each.amount);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION erp.place_order(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    placed text;
BEGIN
    PERFORM erp.wait_for_turn('order', request ->> 'external_id');
    SELECT number INTO placed FROM erp.purchase_order WHERE external_id = request ->> 'external_id';
    IF placed IS NULL THEN
        PERFORM erp.require_order(request);
        PERFORM erp.draw_new_lines(request -> 'lines', request ->> 'currency');
        placed := erp.next_number('PO', extract(year FROM (request ->> 'ordered_on')::date)::integer);
        INSERT INTO erp.purchase_order (number, external_id, case_id, facility, supplier, requester, currency, ordered_on)
        SELECT placed, external_id, case_id, facility, supplier, requester, currency, ordered_on
        FROM jsonb_to_record(request) AS r (external_id text, case_id text, facility text, supplier text,
                                            requester text, currency text, ordered_on date);
        PERFORM erp.insert_order_lines(placed, request -> 'lines');
        UPDATE erp.purchase_order_line
        SET contract_drawn = round(unit_price * quantity, erp.minor_units(request ->> 'currency'))
        WHERE order_number = placed AND contract IS NOT NULL;
    END IF;
    RETURN erp.order_json(placed);
END $$;

CREATE OR REPLACE FUNCTION erp.change_line(of_order erp.purchase_order, change jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    old erp.purchase_order_line;
BEGIN
    SELECT * INTO old FROM erp.purchase_order_line
    WHERE order_number = of_order.number AND line = (change ->> 'line')::integer;
    IF old.line IS NULL THEN
        PERFORM erp.refuse('line-unknown', format('Order %s has no line %s.', of_order.number, change ->> 'line'));
    ELSIF change ->> 'currency' <> of_order.currency THEN
        PERFORM erp.refuse('currency-differs', format('Order %s is in %s.', of_order.number, of_order.currency));
    ELSIF (change ->> 'quantity')::erp.amount < old.received THEN
        PERFORM erp.refuse('order-below-received', format(
            'Line %s: %s were received already.', old.line, trim_scale(old.received)));
    ELSIF (change ->> 'quantity')::erp.amount < old.billed THEN
        PERFORM erp.refuse('order-below-billed', format(
            'Line %s: %s were billed already.', old.line, trim_scale(old.billed)));
    END IF;
    UPDATE erp.purchase_order_line
    SET quantity = (change ->> 'quantity')::numeric, unit_price = (change ->> 'unit_price')::numeric,
        need_by = (change ->> 'need_by')::date
    WHERE order_number = of_order.number AND line = old.line;
END $$;

CREATE OR REPLACE FUNCTION erp.change_order(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    target erp.purchase_order := erp.locked_order(request ->> 'number');
    change jsonb;
    known text;
BEGIN
    SELECT order_number INTO known FROM erp.order_change WHERE external_id = request ->> 'external_id';
    IF known <> target.number THEN
        PERFORM erp.refuse('external-id-taken', format('That change belongs to order %s.', known));
    ELSIF known IS NULL THEN
        PERFORM erp.require_open_order(target);
        FOR change IN SELECT * FROM jsonb_array_elements(request -> 'lines') LOOP
            PERFORM erp.change_line(target, change);
        END LOOP;
        PERFORM erp.draw_contracts(target.number, false);
        PERFORM erp.settle_status(target.number);
        INSERT INTO erp.order_change (external_id, order_number, lines)
        VALUES (request ->> 'external_id', target.number, request -> 'lines');
        PERFORM erp.accrue(target, 'RV', erp.last_open_movement_day(target));
    END IF;
    RETURN erp.order_json(target.number);
END $$;

CREATE OR REPLACE FUNCTION erp.cancel_order(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    target erp.purchase_order := erp.locked_order(request ->> 'number');
BEGIN
    IF target.status <> 'CANCELLED' THEN
        IF EXISTS (SELECT FROM erp.purchase_order_line WHERE order_number = target.number AND received > 0) THEN
            PERFORM erp.refuse('order-received', format('Goods of order %s were received already.', target.number));
        ELSIF EXISTS (SELECT FROM erp.purchase_order_line WHERE order_number = target.number AND billed > 0) THEN
            PERFORM erp.refuse('order-billed', format('Order %s was billed already.', target.number));
        END IF;
        PERFORM erp.require_open_order(target);
        PERFORM erp.draw_contracts(target.number, true);
        UPDATE erp.purchase_order SET status = 'CANCELLED', status_reason = request ->> 'reason'
        WHERE number = target.number;
    END IF;
    RETURN erp.order_json(target.number);
END $$;

CREATE OR REPLACE FUNCTION erp.close_order(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    target erp.purchase_order := erp.locked_order(request ->> 'number');
BEGIN
    IF target.status NOT IN ('CLOSED', 'CLOSED_SHORT') THEN
        PERFORM erp.require_open_order(target);
        PERFORM erp.draw_contracts(target.number, true);
        UPDATE erp.purchase_order
        SET status = CASE WHEN (request ->> 'short')::boolean THEN 'CLOSED_SHORT' ELSE 'CLOSED' END,
            status_reason = request ->> 'reason'
        WHERE number = target.number;
    END IF;
    RETURN erp.order_json(target.number);
END $$;
