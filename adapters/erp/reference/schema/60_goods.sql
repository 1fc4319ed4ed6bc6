-- Goods: receipts and returns against an order, issues from the store room and their return.

-- The movement's number when the external id is known already; refuses one that belongs to something else.
CREATE OR REPLACE FUNCTION erp.known_movement(of_kind text, wanted_id text, of_order text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    known erp.goods_movement;
BEGIN
    SELECT * INTO known FROM erp.goods_movement WHERE external_id = wanted_id;
    IF known.number IS NOT NULL AND (known.kind <> of_kind OR known.order_number <> of_order) THEN
        PERFORM erp.refuse('external-id-taken', format('That external id belongs to %s.', known.number));
    END IF;
    RETURN known.number;
END $$;

DROP FUNCTION IF EXISTS erp.book_movement(text, text, jsonb);
CREATE OR REPLACE FUNCTION erp.book_movement(of_kind text, of_order erp.purchase_order, request jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    on_day date := (request ->> 'booked_on')::date;
    booked text := erp.next_number(
        CASE WHEN of_kind = 'RECEIPT' THEN 'GR' ELSE 'RT' END, extract(year FROM on_day)::integer);
BEGIN
    INSERT INTO erp.goods_movement (number, kind, external_id, order_number, booked_on, booked_by, delivery_note)
    VALUES (booked, of_kind, request ->> 'external_id', of_order.number, on_day, request ->> 'booked_by',
            request ->> 'delivery_note');
    INSERT INTO erp.goods_movement_line (movement, position, line, quantity, rejected, reason)
    SELECT booked, position, (l ->> 'line')::integer, (l ->> 'quantity')::numeric, (l ->> 'rejected')::numeric,
           l ->> 'reason'
    FROM jsonb_array_elements(request -> 'lines') WITH ORDINALITY AS t (l, position);
    PERFORM erp.accrue(of_order, of_kind, on_day, booked);
END $$;

CREATE OR REPLACE FUNCTION erp.add_received(of_order text, of_line integer, quantity_in numeric) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    ordered erp.purchase_order_line;
    tolerance integer := (SELECT over_receipt_percent FROM erp.setting);
BEGIN
    SELECT * INTO ordered FROM erp.purchase_order_line WHERE order_number = of_order AND line = of_line;
    IF ordered.line IS NULL THEN
        PERFORM erp.refuse('line-unknown', format('Order %s has no line %s.', of_order, of_line));
    ELSIF quantity_in > 0 AND ordered.received + quantity_in > ordered.quantity * (100 + tolerance) / 100 THEN
        PERFORM erp.refuse('receipt-over', format(
            'Line %s: %s more would be over the %s ordered and the %s percent that may come on top.',
            of_line, trim_scale(quantity_in), trim_scale(ordered.quantity), tolerance));
    ELSIF ordered.received + quantity_in < 0 THEN
        PERFORM erp.refuse('return-over', format(
            'Line %s: only %s were received.', of_line, trim_scale(ordered.received)));
    END IF;
    UPDATE erp.purchase_order_line SET received = received + quantity_in
    WHERE order_number = of_order AND line = of_line;
END $$;

CREATE OR REPLACE FUNCTION erp.post_receipt(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    target erp.purchase_order := erp.locked_order(request ->> 'number');
    each jsonb;
BEGIN
    IF erp.known_movement('RECEIPT', request ->> 'external_id', target.number) IS NULL THEN
        PERFORM erp.require_open_order(target);
        PERFORM erp.require_open_period(target.facility, (request ->> 'booked_on')::date);
        FOR each IN SELECT * FROM jsonb_array_elements(request -> 'lines') LOOP
            PERFORM erp.add_received(target.number, (each ->> 'line')::integer, (each ->> 'quantity')::erp.amount);
        END LOOP;
        PERFORM erp.settle_status(target.number);
        PERFORM erp.book_movement('RECEIPT', target, request);
    END IF;
    RETURN erp.order_json(target.number);
END $$;

-- Goods may go back after the order was closed; it stays closed then.
CREATE OR REPLACE FUNCTION erp.post_return(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    target erp.purchase_order := erp.locked_order(request ->> 'number');
    each jsonb;
BEGIN
    IF erp.known_movement('RETURN', request ->> 'external_id', target.number) IS NULL THEN
        PERFORM erp.require_open_period(target.facility, (request ->> 'booked_on')::date);
        FOR each IN SELECT * FROM jsonb_array_elements(request -> 'lines') LOOP
            PERFORM erp.add_received(target.number, (each ->> 'line')::integer, -(each ->> 'quantity')::erp.amount);
        END LOOP;
        PERFORM erp.settle_status(target.number);
        PERFORM erp.book_movement('RETURN', target, request);
    END IF;
    RETURN erp.order_json(target.number);
END $$;

-- Rows of the store room are locked by item code, so that two issues never wait for one another in a circle.
CREATE OR REPLACE FUNCTION erp.take_stock(of_facility text, lines jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each record;
    on_hand numeric;
BEGIN
    FOR each IN
        SELECT item, sum(quantity) AS quantity FROM jsonb_to_recordset(lines) AS l (item text, quantity numeric)
        GROUP BY item ORDER BY item COLLATE "C"
    LOOP
        PERFORM erp.require_item(each.item);
        SELECT available INTO on_hand FROM erp.stock WHERE facility = of_facility AND item = each.item FOR NO KEY UPDATE;
        IF coalesce(on_hand, 0) < each.quantity THEN
            PERFORM erp.refuse('stock-short', format('The store room of %s has %s of item %s, %s are asked for.',
                of_facility, trim_scale(coalesce(on_hand, 0)), each.item, trim_scale(each.quantity)));
        END IF;
        UPDATE erp.stock SET available = available - each.quantity WHERE facility = of_facility AND item = each.item;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION erp.issue_stock(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    issued text;
    each jsonb;
BEGIN
    PERFORM erp.wait_for_turn('issue', request ->> 'external_id');
    SELECT number INTO issued FROM erp.stock_issue WHERE external_id = request ->> 'external_id';
    IF issued IS NULL THEN
        FOR each IN SELECT * FROM jsonb_array_elements(request -> 'lines') LOOP
            PERFORM erp.require_cost_centre(each ->> 'cost_centre');
        END LOOP;
        PERFORM erp.take_stock(request ->> 'facility', request -> 'lines');
        issued := erp.next_number('IS', 0);
        INSERT INTO erp.stock_issue (number, external_id, case_id, facility, deliver_to)
        VALUES (issued, request ->> 'external_id', request ->> 'case_id', request ->> 'facility',
                request ->> 'deliver_to');
        INSERT INTO erp.stock_issue_line (issue, position, line, item, quantity, cost_centre)
        SELECT issued, position, (l ->> 'line')::integer, l ->> 'item', (l ->> 'quantity')::numeric, l ->> 'cost_centre'
        FROM jsonb_array_elements(request -> 'lines') WITH ORDINALITY AS t (l, position);
    END IF;
    RETURN jsonb_build_object('number', issued);
END $$;

CREATE OR REPLACE FUNCTION erp.return_stock(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    made erp.stock_issue;
BEGIN
    PERFORM erp.wait_for_turn('issue', request ->> 'external_id');
    UPDATE erp.stock_issue SET returned = true, return_reason = request ->> 'reason'
    WHERE external_id = request ->> 'external_id' AND NOT returned RETURNING * INTO made;
    IF made.number IS NOT NULL THEN
        PERFORM FROM erp.stock s
        WHERE s.facility = made.facility AND s.item IN (SELECT item FROM erp.stock_issue_line WHERE issue = made.number)
        ORDER BY s.item COLLATE "C" FOR NO KEY UPDATE;
        UPDATE erp.stock s SET available = s.available + l.quantity
        FROM (SELECT item, sum(quantity) AS quantity FROM erp.stock_issue_line
              WHERE issue = made.number GROUP BY item) l
        WHERE s.facility = made.facility AND s.item = l.item;
    END IF;
    RETURN jsonb_build_object('returned', made.number IS NOT NULL);
END $$;
