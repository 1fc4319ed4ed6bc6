-- Payments: booked once for their external id, never beyond what a bill has open, and reversed when the money comes back.
-- Bills are locked by number, then the number sequence.

CREATE OR REPLACE FUNCTION erp.paid_items(request jsonb)
RETURNS TABLE (place integer, external_id text, amount numeric, discount numeric) LANGUAGE sql IMMUTABLE AS $$
    SELECT row_number() OVER ()::integer, external_id, amount, discount
    FROM jsonb_to_recordset(request -> 'items') AS i (external_id text, amount numeric, discount numeric);
$$;

CREATE OR REPLACE FUNCTION erp.require_payment(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    paid numeric := (request ->> 'amount')::numeric;
    digits integer := erp.minor_units(request ->> 'currency');
    total numeric;
    fine boolean;
    bounded boolean;
BEGIN
    SELECT sum(amount - discount), bool_and(amount = round(amount, digits) AND discount = round(discount, digits)),
        bool_and(discount * amount >= 0 AND abs(discount) <= abs(amount))
    INTO total, fine, bounded FROM erp.paid_items(request);
    IF request -> 'currencies' <> jsonb_build_array(request ->> 'currency') THEN
        PERFORM erp.refuse('currency-differs', format('An amount of the payment is not in %s.', request ->> 'currency'));
    ELSIF total IS NULL OR paid <= 0 THEN
        PERFORM erp.refuse('data-invalid', 'A payment settles at least one bill and is more than zero.');
    ELSIF NOT fine OR paid <> round(paid, digits) THEN
        PERFORM erp.refuse('data-invalid', 'An amount of the payment has fractions of the smallest unit.');
    ELSIF NOT bounded THEN
        PERFORM erp.refuse('data-invalid', 'More would be kept than is settled.');
    ELSIF total <> paid THEN
        PERFORM erp.refuse('not-balanced', format('The bills sum to %s, the payment to %s.', total, paid));
    END IF;
END $$;

-- The bills are locked, so what they have open stays true until the payment is booked.
CREATE OR REPLACE FUNCTION erp.settle_vouchers(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each record;
    bill erp.voucher;
BEGIN
    PERFORM FROM erp.voucher WHERE external_id IN (SELECT external_id FROM erp.paid_items(request))
    ORDER BY number COLLATE "C" FOR NO KEY UPDATE;
    FOR each IN SELECT * FROM erp.paid_items(request) ORDER BY place LOOP
        SELECT * INTO bill FROM erp.voucher WHERE external_id = each.external_id;
        IF bill.number IS NULL THEN
            PERFORM erp.refuse('invoice-unknown', format('There is no bill %s.', each.external_id));
        ELSIF bill.supplier <> request ->> 'supplier' THEN
            PERFORM erp.refuse('supplier-differs', format('Bill %s is of supplier %s.', bill.number, bill.supplier));
        ELSIF bill.currency <> request ->> 'currency' THEN
            PERFORM erp.refuse('currency-differs', format('Bill %s is in %s.', bill.number, bill.currency));
        ELSIF bill.reversed THEN
            PERFORM erp.refuse('invoice-reversed', format('Bill %s was reversed.', bill.number));
        ELSIF each.amount = 0 OR each.amount * erp.voucher_open(bill) < 0
            OR abs(each.amount) > abs(erp.voucher_open(bill)) THEN
            PERFORM erp.refuse('payment-over-open', format(
                'Bill %s has %s open, not %s.', bill.number, erp.voucher_open(bill), each.amount));
        END IF;
        UPDATE erp.voucher SET paid = paid + each.amount WHERE number = bill.number;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION erp.book_payment(request jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    on_day date := (request ->> 'paid_on')::date;
    booked text := erp.next_number('PY', extract(year FROM on_day)::integer);
    settled numeric;
    kept numeric;
BEGIN
    INSERT INTO erp.payment (number, external_id, case_id, facility, supplier, currency, paid_on, amount, reference)
    SELECT booked, external_id, case_id, facility, supplier, currency, paid_on, amount, reference
    FROM jsonb_to_record(request) AS r (external_id text, case_id text, facility text, supplier text, currency text,
        paid_on date, amount numeric, reference text);
    INSERT INTO erp.payment_item (payment, position, voucher, amount, discount)
    SELECT booked, i.place, v.number, i.amount, i.discount
    FROM erp.paid_items(request) i JOIN erp.voucher v ON v.external_id = i.external_id;
    SELECT sum(amount), sum(discount) INTO settled, kept FROM erp.paid_items(request);
    PERFORM erp.book(booked, 'PAYMENT', request ->> 'facility', request ->> 'currency', on_day, ARRAY[
        ROW (erp.ledger_account('payables'), '', NULL, NULL, settled)::erp.booking,
        ROW (erp.ledger_account('discounts'), '', NULL, NULL, -kept)::erp.booking,
        ROW (erp.ledger_account('bank'), '', NULL, NULL, kept - settled)::erp.booking]);
    RETURN booked;
END $$;

CREATE OR REPLACE FUNCTION erp.post_payment(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    booked text;
BEGIN
    PERFORM erp.wait_for_turn('payment', request ->> 'external_id');
    SELECT number INTO booked FROM erp.payment WHERE external_id = request ->> 'external_id';
    IF booked IS NULL THEN
        PERFORM erp.require_payable_supplier(request ->> 'supplier', 'payment');
        PERFORM erp.require_open_period(request ->> 'facility', (request ->> 'paid_on')::date);
        PERFORM erp.require_payment(request);
        PERFORM erp.settle_vouchers(request);
        booked := erp.book_payment(request);
    END IF;
    RETURN jsonb_build_object('number', booked);
END $$;

CREATE OR REPLACE FUNCTION erp.reverse_payment(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found erp.payment;
    on_day date := (request ->> 'on')::date;
BEGIN
    PERFORM erp.wait_for_turn('payment', request ->> 'external_id');
    SELECT * INTO found FROM erp.payment WHERE external_id = request ->> 'external_id';
    IF found.number IS NULL OR found.reversed THEN
        RETURN jsonb_build_object('reversed', false);
    END IF;
    PERFORM erp.require_open_period(found.facility, on_day);
    PERFORM FROM erp.voucher WHERE number IN (SELECT voucher FROM erp.payment_item WHERE payment = found.number)
    ORDER BY number COLLATE "C" FOR NO KEY UPDATE;
    UPDATE erp.voucher v SET paid = v.paid - i.amount
    FROM (SELECT voucher, sum(amount) AS amount FROM erp.payment_item WHERE payment = found.number GROUP BY voucher) i
    WHERE v.number = i.voucher;
    UPDATE erp.payment SET reversed = true, reversal_reason = request ->> 'reason' WHERE number = found.number;
    PERFORM erp.book_reversal(found.number, erp.next_number('RP', extract(year FROM on_day)::integer),
                              'PAYMENT_REVERSAL', on_day);
    RETURN jsonb_build_object('reversed', true);
END $$;
