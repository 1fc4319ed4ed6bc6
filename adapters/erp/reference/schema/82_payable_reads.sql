-- What accounts payable read: suppliers, whom money is paid from, and orders as bills are matched against them.

-- The words of a name, without legal forms.
CREATE OR REPLACE FUNCTION erp.telling_words(of_name text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(DISTINCT word[1]), '{}')
    FROM regexp_matches(lower(of_name COLLATE "C"), '[a-z0-9]+', 'g') AS word
    WHERE word[1] <> ALL (ARRAY['inc', 'incorporated', 'llc', 'llp', 'lp', 'ltd', 'limited', 'corp', 'corporation',
        'co', 'company', 'plc', 'gmbh', 'ag', 'sa', 'nv', 'bv', 'the', 'and', 'of']);
$$;

-- Candidates, never an answer: at least half of the words of the shorter name are in the other one, too.
CREATE OR REPLACE FUNCTION erp.resembles(one text[], other text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT least(cardinality(one), cardinality(other)) > 0
        AND 2 * (SELECT count(*) FROM unnest(one) w WHERE w = ANY (other)) >= least(cardinality(one), cardinality(other));
$$;

CREATE OR REPLACE FUNCTION erp.plain_code(code text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(upper(code COLLATE "C"), '[^A-Z0-9]', '', 'g');
$$;

CREATE OR REPLACE FUNCTION erp.payable_supplier_json(wanted text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'code', s.code, 'name', s.name, 'tax_id', coalesce(p.tax_id, ''), 'gln', s.gln, 'country', s.country,
        'currency', s.currency, 'email', s.email, 'remittance_email', coalesce(p.remittance_email, ''),
        'senders', to_jsonb(coalesce(p.senders, '{}')), 'excluded', coalesce(p.excluded, false), 'risk', s.risk,
        'blocked_orders', s.blocked_orders OR 'orders' = ANY (coalesce(p.blocked, '{}')),
        'blocked_posting', 'posting' = ANY (coalesce(p.blocked, '{}')),
        'blocked_payment', s.blocked_payment OR 'payment' = ANY (coalesce(p.blocked, '{}')),
        'net_days', coalesce(p.net_days, 30), 'discount_percent', coalesce(p.discount_percent, 0)::text,
        'discount_days', coalesce(p.discount_days, 0), 'method', coalesce(p.method, 'ach'),
        'accounts', (
            SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.position), '[]')
            FROM erp.supplier_account a WHERE a.supplier = s.code
        )
    )
    FROM erp.supplier s LEFT JOIN erp.supplier_payables p ON p.supplier = s.code WHERE s.code = wanted;
$$;

CREATE OR REPLACE FUNCTION erp.read_payable_suppliers(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH asked AS (
        SELECT erp.texts(request -> 'codes') AS codes, erp.texts(request -> 'glns') AS glns,
            erp.texts(request -> 'account_fingerprints') AS fingerprints,
            erp.telling_words(request ->> 'name') AS words,
            (SELECT coalesce(array_agg(erp.plain_code(t)), '{}')
             FROM jsonb_array_elements_text(request -> 'tax_ids') t) AS tax_ids
    ), named AS (
        SELECT s.code FROM asked, erp.supplier s LEFT JOIN erp.supplier_payables p ON p.supplier = s.code
        WHERE s.code = ANY (codes) OR (s.gln <> '' AND s.gln = ANY (glns))
            OR (p.tax_id <> '' AND erp.plain_code(p.tax_id) = ANY (tax_ids))
            OR EXISTS (SELECT FROM erp.supplier_account a
                       WHERE a.supplier = s.code AND a.fingerprint = ANY (fingerprints))
    ), similar_ones AS (
        SELECT s.code FROM asked, erp.supplier s
        WHERE erp.resembles(words, erp.telling_words(s.name)) AND s.code NOT IN (SELECT code FROM named)
        ORDER BY s.code COLLATE "C" LIMIT 20
    )
    SELECT coalesce(jsonb_agg(erp.payable_supplier_json(code) ORDER BY code COLLATE "C"), '[]')
    FROM (SELECT code FROM named UNION SELECT code FROM similar_ones) found;
$$;

CREATE OR REPLACE FUNCTION erp.read_debtor_accounts(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.currency), '[]')
    FROM (
        SELECT DISTINCT ON (d.currency) d.* FROM erp.debtor_account d
        WHERE d.facility IN (request ->> 'facility', (SELECT shared_facility FROM erp.setting))
        ORDER BY d.currency, d.facility = request ->> 'facility' DESC
    ) a;
$$;

CREATE OR REPLACE FUNCTION erp.read_order_positions(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(erp.order_json(number) ORDER BY number COLLATE "C"), '[]')
    FROM erp.purchase_order WHERE number = ANY (erp.texts(request -> 'numbers'));
$$;

CREATE OR REPLACE FUNCTION erp.read_open_order_positions(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(erp.order_json(number) ORDER BY ordered_on DESC, number COLLATE "C" DESC), '[]')
    FROM (
        SELECT o.number, o.ordered_on FROM erp.purchase_order o
        WHERE o.supplier = request ->> 'supplier' AND o.facility = request ->> 'facility' AND o.status <> 'CANCELLED'
            AND EXISTS (SELECT FROM erp.purchase_order_line l WHERE l.order_number = o.number AND l.received > l.billed)
        ORDER BY o.ordered_on DESC, o.number COLLATE "C" DESC LIMIT (request ->> 'most')::integer
    ) found;
$$;
