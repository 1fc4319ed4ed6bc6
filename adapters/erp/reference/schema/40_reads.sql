-- What integrators read. Numbers travel as text, so that no reader turns them into binary fractions.

CREATE OR REPLACE FUNCTION erp.minor_units(of_currency text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN of_currency IN ('JPY', 'KRW', 'ISK', 'CLP') THEN 0
        WHEN of_currency IN ('BHD', 'KWD', 'JOD', 'OMR', 'TND') THEN 3
        ELSE 2
    END;
$$;

CREATE OR REPLACE FUNCTION erp.order_json(wanted text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'number', o.number, 'external_id', o.external_id, 'supplier', o.supplier, 'status', o.status,
        'currency', o.currency, 'case_id', o.case_id, 'facility', o.facility, 'requester', o.requester,
        'total', sum(round(l.unit_price * l.quantity, erp.minor_units(o.currency)))::text,
        'lines', jsonb_agg(jsonb_build_object(
            'line', l.line, 'item', l.item, 'description', l.description, 'quantity', l.quantity::text,
            'unit', l.unit, 'pack_size', l.pack_size, 'unit_price', l.unit_price::text, 'need_by', l.need_by,
            'deliver_to', l.deliver_to, 'contract', l.contract, 'gtin', l.gtin, 'unspsc', l.unspsc,
            'received', l.received::text, 'billed', l.billed::text, 'billed_amount', l.billed_amount::text,
            'category', coalesce(nullif(l.category, ''), i.category, ''),
            'costs', (
                SELECT jsonb_agg(jsonb_build_object(
                    'cost_centre', c.cost_centre, 'account', c.account, 'percent', c.percent::text
                ) ORDER BY c.position)
                FROM erp.order_cost c WHERE c.order_number = l.order_number AND c.line = l.line
            )
        ) ORDER BY l.line)
    )
    FROM erp.purchase_order o JOIN erp.purchase_order_line l ON l.order_number = o.number
    LEFT JOIN erp.item i ON i.code = l.item
    WHERE o.number = wanted
    GROUP BY o.number;
$$;

CREATE OR REPLACE FUNCTION erp.find_order(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT erp.order_json(number) FROM erp.purchase_order WHERE external_id = request ->> 'external_id';
$$;

CREATE OR REPLACE FUNCTION erp.health(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('over_receipt_percent', over_receipt_percent) FROM erp.setting;
$$;

CREATE OR REPLACE FUNCTION erp.read_budgets(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'facility', b.facility, 'cost_centre', b.cost_centre, 'account', b.account, 'fiscal_year', b.fiscal_year,
        'total', b.total::text, 'spent', b.spent::text, 'currency', b.currency
    ) ORDER BY b.facility COLLATE "C", b.cost_centre COLLATE "C", b.account COLLATE "C", b.fiscal_year), '[]')
    FROM erp.budget b JOIN (SELECT DISTINCT * FROM jsonb_to_recordset(request)
        AS k (facility text, cost_centre text, account text, fiscal_year integer)) k
        USING (facility, cost_centre, account, fiscal_year);
$$;

CREATE OR REPLACE FUNCTION erp.texts(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(t), '{}') FROM jsonb_array_elements_text(list) t;
$$;

-- The items that are asked for, and their substitutes' substitutes: UNION ends at a circle.
CREATE OR REPLACE FUNCTION erp.with_substitutes(wanted text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE chain AS (
        SELECT code, substitute FROM erp.item WHERE code = ANY (wanted)
        UNION
        SELECT i.code, i.substitute FROM erp.item i JOIN chain c ON i.code = c.substitute
    )
    SELECT coalesce(array_agg(code), '{}') FROM chain;
$$;

CREATE OR REPLACE FUNCTION erp.items_json(codes text[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'code', code, 'description', description, 'category', category, 'account', account, 'unit', unit,
        'unit_quantity', unit_quantity::text, 'pack_size', pack_size, 'price', price::text, 'currency', currency,
        'supplier', supplier, 'gtin', gtin, 'unspsc', unspsc, 'active', active, 'substitute', substitute
    ) ORDER BY code COLLATE "C"), '[]') FROM erp.item WHERE code = ANY (codes);
$$;

CREATE OR REPLACE FUNCTION erp.contracts_json(items text[], suppliers text[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'number', c.number, 'supplier', c.supplier, 'item', c.item, 'starts', c.starts, 'ends', c.ends,
        'currency', c.currency, 'value_limit', c.value_limit::text, 'drawn', c.drawn::text,
        'tiers', (
            SELECT jsonb_agg(jsonb_build_object('minimum', t.minimum::text, 'price', t.price::text) ORDER BY t.minimum)
            FROM erp.contract_tier t WHERE t.contract = c.number
        )
    ) ORDER BY c.number COLLATE "C"), '[]')
    FROM erp.contract c WHERE c.item = ANY (items) AND c.supplier = ANY (suppliers);
$$;

CREATE OR REPLACE FUNCTION erp.read_master_data(request jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    item_codes text[] := erp.with_substitutes(erp.texts(request -> 'items'));
    supplier_codes text[];
    account_codes text[];
    on_day date := (request ->> 'on')::date;
BEGIN
    SELECT erp.texts(request -> 'suppliers') || coalesce(array_agg(supplier), '{}'),
           erp.texts(request -> 'accounts') || coalesce(array_agg(account), '{}')
    INTO supplier_codes, account_codes FROM erp.item WHERE code = ANY (item_codes);
    SELECT account_codes || coalesce(array_agg(account), '{}') INTO account_codes FROM erp.category_account;
    RETURN jsonb_build_object(
        'cost_centres', (
            SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.code COLLATE "C"), '[]')
            FROM erp.cost_centre c WHERE c.code = ANY (erp.texts(request -> 'cost_centres'))
        ),
        'items', erp.items_json(item_codes),
        'suppliers', (
            SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.code COLLATE "C"), '[]')
            FROM erp.supplier s WHERE s.code = ANY (supplier_codes)
        ),
        'contracts', erp.contracts_json(item_codes, supplier_codes),
        'stock', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'facility', t.facility, 'item', t.item, 'available', t.available::text
            ) ORDER BY t.item COLLATE "C"), '[]')
            FROM erp.stock t WHERE t.facility = request ->> 'facility' AND t.item = ANY (item_codes)
        ),
        'accounts', (
            SELECT coalesce(jsonb_agg(a.code ORDER BY a.code COLLATE "C"), '[]')
            FROM erp.account a WHERE a.open AND a.code = ANY (account_codes)
        ),
        'category_accounts', (
            SELECT coalesce(jsonb_agg(to_jsonb(k) ORDER BY k.category COLLATE "C"), '[]') FROM erp.category_account k
        ),
        'fiscal_year', extract(year FROM on_day)::integer,
        'period_open', erp.period_is_open(request ->> 'facility', on_day)
    );
END $$;
