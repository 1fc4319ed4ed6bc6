-- Bills: posted once for their external id and once for their supplier's number, and reversed as a whole. Locks are taken
-- in the order: external id, supplier's number, bill, orders by number, number sequence.

CREATE OR REPLACE FUNCTION erp.normalised_number(number text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(nullif(ltrim(erp.plain_code(number), '0'), ''), erp.plain_code(number));
$$;

CREATE OR REPLACE FUNCTION erp.voucher_open(of_voucher erp.voucher) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN of_voucher.reversed THEN 0 ELSE of_voucher.amount - of_voucher.withheld - of_voucher.paid END;
$$;

CREATE OR REPLACE FUNCTION erp.voucher_status(of_voucher erp.voucher) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN of_voucher.reversed THEN 'reversed'
        WHEN of_voucher.paid <> 0 AND erp.voucher_open(of_voucher) = 0 THEN 'paid' ELSE 'posted' END;
$$;

CREATE OR REPLACE FUNCTION erp.voucher_json(wanted_id text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'number', v.number, 'external_id', v.external_id, 'supplier', v.supplier, 'supplier_number', v.supplier_number,
        'currency', v.currency, 'amount', v.amount::text, 'open', erp.voucher_open(v)::text,
        'status', erp.voucher_status(v))
    FROM erp.voucher v WHERE v.external_id = wanted_id;
$$;

CREATE OR REPLACE FUNCTION erp.find_posted(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT erp.voucher_json(request ->> 'external_id');
$$;

CREATE OR REPLACE FUNCTION erp.require_payable_supplier(wanted text, purpose text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known jsonb := erp.payable_supplier_json(wanted);
BEGIN
    IF known IS NULL THEN
        PERFORM erp.refuse('supplier-unknown', format('Supplier %s is not in the master data.', wanted));
    ELSIF (known ->> ('blocked_' || purpose))::boolean THEN
        PERFORM erp.refuse('supplier-blocked', format('Supplier %s is blocked for %s.', wanted, purpose));
    END IF;
END $$;

-- The lines of a bill as rows. `quantity` is negative where the line takes something back.
CREATE OR REPLACE FUNCTION erp.billed_lines(request jsonb)
RETURNS TABLE (place integer, line integer, order_number text, order_line integer, quantity numeric, amount numeric,
               accrual numeric, variance numeric, costs jsonb) LANGUAGE sql IMMUTABLE AS $$
    SELECT row_number() OVER ()::integer, line, CASE WHEN order_line IS NOT NULL THEN order_number END, order_line,
        CASE WHEN accrual < 0 THEN -abs(quantity) ELSE quantity END, amount, accrual, variance, costs
    FROM jsonb_to_recordset(request -> 'lines') AS l (
        line integer, order_number text, order_line integer, quantity numeric, amount numeric, accrual numeric,
        variance numeric, costs jsonb);
$$;

CREATE OR REPLACE FUNCTION erp.require_amounts(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    owed numeric := (request ->> 'amount')::numeric;
    held numeric := (request ->> 'withheld')::numeric;
    tax numeric := (request ->> 'tax')::numeric;
    digits integer := erp.minor_units(request ->> 'currency');
    total numeric;
    fine boolean;
    wrong integer;
BEGIN
    SELECT sum(amount), bool_and(amount = round(amount, digits) AND accrual = round(accrual, digits)
                                 AND variance = round(variance, digits)),
        min(line) FILTER (WHERE order_line IS NOT NULL AND amount <> accrual + variance)
    INTO total, fine, wrong FROM erp.billed_lines(request);
    IF total IS NULL OR trim(request ->> 'number') = '' THEN
        PERFORM erp.refuse('data-invalid', 'A bill needs a number and at least one line.');
    ELSIF request -> 'currencies' <> jsonb_build_array(request ->> 'currency') THEN
        PERFORM erp.refuse('currency-differs', format('An amount of the bill is not in %s.', request ->> 'currency'));
    ELSIF NOT fine OR owed <> round(owed, digits) OR held <> round(held, digits) OR tax <> round(tax, digits) THEN
        PERFORM erp.refuse('data-invalid', 'An amount of the bill has fractions of the smallest unit.');
    ELSIF owed * (CASE WHEN request ->> 'kind' = 'credit-note' THEN -1 ELSE 1 END) < 0 THEN
        PERFORM erp.refuse('data-invalid', format('The amount of this %s has the wrong sign.', request ->> 'kind'));
    ELSIF held * owed < 0 OR abs(held) > abs(owed) THEN
        PERFORM erp.refuse('data-invalid', format('%s cannot be withheld of %s.', held, owed));
    ELSIF total + tax <> owed THEN
        PERFORM erp.refuse('not-balanced', format('The lines and the tax sum to %s, the bill to %s.', total + tax, owed));
    ELSIF wrong IS NOT NULL THEN
        PERFORM erp.refuse('not-balanced', format('Line %s: accrual and variance do not sum to its amount.', wrong));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION erp.require_new_voucher(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    twin text;
BEGIN
    PERFORM erp.wait_for_turn('voucher-number',
        (request ->> 'supplier') || ':' || erp.normalised_number(request ->> 'number'));
    SELECT number INTO twin FROM erp.voucher
    WHERE supplier = request ->> 'supplier' AND normalised = erp.normalised_number(request ->> 'number')
        AND NOT reversed;
    IF twin IS NOT NULL THEN
        PERFORM erp.refuse('duplicate-suspected', format(
            'Bill %s of %s is %s.', request ->> 'number', request ->> 'supplier', twin));
    END IF;
END $$;

-- Every distinct coding is looked at once, however many lines share it.
CREATE OR REPLACE FUNCTION erp.require_coding(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT min(line) AS line, costs FROM erp.billed_lines(request) WHERE order_line IS NULL
        GROUP BY costs ORDER BY min(line)
    LOOP
        BEGIN
            PERFORM erp.require_costs(each.line, each.costs);
        EXCEPTION WHEN SQLSTATE 'ERP01' THEN
            PERFORM erp.refuse('coding-invalid', SQLERRM);
        END;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION erp.require_billed_lines(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fault record;
BEGIN
    SELECT * INTO fault FROM (
        SELECT b.place, CASE
            WHEN o.number IS NULL THEN ARRAY['order-unknown', format('There is no order %s.', b.order_number)]
            WHEN o.supplier <> request ->> 'supplier' THEN
                ARRAY['supplier-differs', format('Order %s went to supplier %s.', o.number, o.supplier)]
            WHEN o.currency <> request ->> 'currency' THEN
                ARRAY['currency-differs', format('Order %s is in %s.', o.number, o.currency)]
            WHEN o.status = 'CANCELLED' THEN ARRAY['order-closed', format('Order %s is cancelled.', o.number)]
            WHEN l.line IS NULL THEN
                ARRAY['line-unknown', format('Order %s has no line %s.', o.number, b.order_line)]
            WHEN abs(round(l.unit_price * b.quantity, erp.minor_units(o.currency)) - b.accrual) > 0.01 THEN
                ARRAY['accrual-differs', format('Line %s: %s cost %s by order %s, not %s.', b.line,
                    trim_scale(b.quantity), round(l.unit_price * b.quantity, erp.minor_units(o.currency)), o.number,
                    b.accrual)]
            END AS problem
        FROM erp.billed_lines(request) b
        LEFT JOIN erp.purchase_order o ON o.number = b.order_number
        LEFT JOIN erp.purchase_order_line l ON l.order_number = o.number AND l.line = b.order_line
        WHERE b.order_line IS NOT NULL
    ) f WHERE problem IS NOT NULL ORDER BY place LIMIT 1;
    IF fault.problem IS NOT NULL THEN
        PERFORM erp.refuse(fault.problem[1], fault.problem[2]);
    END IF;
    PERFORM erp.require_billed_quantities(request);
END $$;

CREATE OR REPLACE FUNCTION erp.require_billed_quantities(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT l.order_number, l.line, b.added, l.billed + b.added AS billed, greatest(l.quantity, l.received) AS most
        FROM (SELECT order_number, order_line, sum(quantity) AS added FROM erp.billed_lines(request)
              WHERE order_line IS NOT NULL GROUP BY order_number, order_line) b
        JOIN erp.purchase_order_line l ON l.order_number = b.order_number AND l.line = b.order_line
        WHERE (b.added > 0 AND l.billed + b.added > greatest(l.quantity, l.received))
            OR (b.added < 0 AND l.billed + b.added < 0)
        LIMIT 1
    LOOP
        IF each.added > 0 THEN
            PERFORM erp.refuse('quantity-over-ordered', format('Order %s, line %s: %s would be billed of %s.',
                each.order_number, each.line, trim_scale(each.billed), trim_scale(each.most)));
        END IF;
        PERFORM erp.refuse('credit-over-billed', format('Order %s, line %s: %s are credited, fewer were billed.',
            each.order_number, each.line, trim_scale(-each.added)));
    END LOOP;
END $$;

-- `direction` is 1 to bill and -1 to take it back. Returns nothing; the orders' rows are locked by the caller.
CREATE OR REPLACE FUNCTION erp.bill_orders(of_voucher text, direction integer) RETURNS void LANGUAGE sql AS $$
    UPDATE erp.purchase_order_line l
    SET billed = l.billed + direction * b.quantity, billed_amount = l.billed_amount + direction * b.amount
    FROM (SELECT order_number, order_line, sum(quantity) AS quantity, sum(amount) AS amount FROM erp.voucher_line
          WHERE voucher = of_voucher AND order_line IS NOT NULL GROUP BY order_number, order_line) b
    WHERE l.order_number = b.order_number AND l.line = b.order_line;
$$;

CREATE OR REPLACE FUNCTION erp.insert_voucher(of_number text, request jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO erp.voucher (number, external_id, case_id, facility, supplier, supplier_number, normalised, kind,
                             currency, issued_on, posted_on, due_on, amount, tax, withheld, document_sha256, credited)
    SELECT of_number, external_id, case_id, facility, supplier, number, erp.normalised_number(number), kind,
           currency, issued_on, posted_on, due_on, amount, tax, withheld, document_sha256, credited
    FROM jsonb_to_record(request) AS r (external_id text, case_id text, facility text, supplier text, number text,
        kind text, currency text, issued_on date, posted_on date, due_on date, amount numeric, tax numeric,
        withheld numeric, document_sha256 text, credited text[]);
    INSERT INTO erp.voucher_line (voucher, position, line, order_number, order_line, quantity, amount)
    SELECT of_number, place, line, order_number, order_line, quantity, amount FROM erp.billed_lines(request);
$$;

-- Costs, accrual, variance and tax against what is owed. The accrual is cleared to what is left unbilled, so that no cent
-- stays when an order is billed in parts.
CREATE OR REPLACE FUNCTION erp.invoice_bookings(of_voucher erp.voucher, request jsonb) RETURNS erp.booking[]
LANGUAGE sql STABLE AS $$
    WITH cleared AS (
        SELECT l.order_number, l.line, b.amount, l.accrued - erp.unbilled(l, of_voucher.currency) AS accrual
        FROM (SELECT order_number, order_line, sum(amount) AS amount FROM erp.voucher_line
              WHERE voucher = of_voucher.number AND order_line IS NOT NULL GROUP BY order_number, order_line) b
        JOIN erp.purchase_order_line l ON l.order_number = b.order_number AND l.line = b.order_line
    ), sides AS (
        SELECT c.account, c.cost_centre, NULL::text AS order_number, NULL::integer AS line, c.amount
        FROM erp.billed_lines(request) b, erp.charged(b.amount, b.costs, of_voucher.currency) c
        WHERE b.order_line IS NULL
        UNION ALL SELECT erp.ledger_account('accrual'), '', order_number, line, accrual FROM cleared
        UNION ALL SELECT erp.ledger_account('variance'), '', order_number, line, amount - accrual FROM cleared
        UNION ALL SELECT erp.ledger_account('tax'), '', NULL, NULL, of_voucher.tax
        UNION ALL SELECT erp.ledger_account('disputed'), '', NULL, NULL, -of_voucher.withheld
        UNION ALL SELECT erp.ledger_account('payables'), '', NULL, NULL, of_voucher.withheld - of_voucher.amount
    )
    SELECT array_agg(ROW (account, cost_centre, order_number, line, amount)::erp.booking) FROM sides;
$$;

CREATE OR REPLACE FUNCTION erp.lock_orders(numbers text[]) RETURNS void LANGUAGE sql AS $$
    SELECT FROM erp.purchase_order WHERE number = ANY (numbers) ORDER BY number COLLATE "C" FOR NO KEY UPDATE;
$$;

CREATE OR REPLACE FUNCTION erp.book_voucher(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    posted erp.voucher;
    booked text := erp.next_number('IV', extract(year FROM (request ->> 'posted_on')::date)::integer);
BEGIN
    PERFORM erp.insert_voucher(booked, request);
    SELECT * INTO posted FROM erp.voucher WHERE number = booked;
    PERFORM erp.bill_orders(booked, 1);
    PERFORM erp.book(booked, 'INVOICE', posted.facility, posted.currency, posted.posted_on,
                     erp.invoice_bookings(posted, request));
    UPDATE erp.purchase_order_line l SET accrued = erp.unbilled(l, posted.currency)
    FROM (SELECT DISTINCT order_number, order_line FROM erp.voucher_line WHERE voucher = booked) b
    WHERE l.order_number = b.order_number AND l.line = b.order_line;
END $$;

CREATE OR REPLACE FUNCTION erp.post_invoice(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM erp.wait_for_turn('voucher', request ->> 'external_id');
    IF NOT EXISTS (SELECT FROM erp.voucher WHERE external_id = request ->> 'external_id') THEN
        PERFORM erp.require_payable_supplier(request ->> 'supplier', 'posting');
        PERFORM erp.require_open_period(request ->> 'facility', (request ->> 'posted_on')::date);
        PERFORM erp.require_amounts(request);
        PERFORM erp.require_new_voucher(request);
        PERFORM erp.require_coding(request);
        PERFORM erp.lock_orders((SELECT array_agg(DISTINCT order_number) FROM erp.billed_lines(request)));
        PERFORM erp.require_billed_lines(request);
        PERFORM erp.book_voucher(request);
    END IF;
    RETURN erp.voucher_json(request ->> 'external_id');
END $$;

-- What the bill cleared is accrued again: at the order's price of today, should that have changed since.
CREATE OR REPLACE FUNCTION erp.unbill_orders(of_voucher erp.voucher, on_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    touched erp.purchase_order;
BEGIN
    PERFORM erp.bill_orders(of_voucher.number, -1);
    UPDATE erp.purchase_order_line l SET accrued = l.accrued + e.debit - e.credit
    FROM erp.ledger_entry e
    WHERE e.document = of_voucher.number AND e.account = erp.ledger_account('accrual')
        AND l.order_number = e.order_number AND l.line = e.order_line;
    FOR touched IN
        SELECT * FROM erp.purchase_order
        WHERE number IN (SELECT order_number FROM erp.voucher_line WHERE voucher = of_voucher.number)
        ORDER BY number COLLATE "C"
    LOOP
        PERFORM erp.accrue(touched, 'RV', on_day);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION erp.reverse_invoice(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found erp.voucher;
    on_day date := (request ->> 'on')::date;
BEGIN
    SELECT * INTO found FROM erp.voucher WHERE external_id = request ->> 'external_id' FOR NO KEY UPDATE;
    IF found.number IS NOT NULL AND NOT found.reversed THEN
        IF EXISTS (SELECT FROM erp.payment_item i JOIN erp.payment p ON p.number = i.payment
                   WHERE i.voucher = found.number AND NOT p.reversed) THEN
            PERFORM erp.refuse('invoice-paid', format('Something was paid on bill %s.', found.number));
        END IF;
        PERFORM erp.require_open_period(found.facility, on_day);
        PERFORM erp.lock_orders((SELECT array_agg(DISTINCT order_number) FROM erp.voucher_line
                                 WHERE voucher = found.number));
        PERFORM erp.book_reversal(found.number, erp.next_number('RI', extract(year FROM on_day)::integer),
                                  'INVOICE_REVERSAL', on_day);
        PERFORM erp.unbill_orders(found, on_day);
        UPDATE erp.voucher SET reversed = true, reversal_reason = request ->> 'reason' WHERE number = found.number;
    END IF;
    RETURN erp.voucher_json(request ->> 'external_id');
END $$;
