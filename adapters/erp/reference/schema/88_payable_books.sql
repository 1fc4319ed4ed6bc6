-- For those who count: one row per bill and per payment, as the ERP itself holds them.

CREATE OR REPLACE VIEW erp.invoice_summary AS
SELECT v.number, v.external_id, v.case_id, v.facility, v.supplier, v.supplier_number, v.kind,
    v.currency::text AS currency, v.posted_on, v.due_on, v.amount, v.tax, v.withheld, v.paid,
    erp.voucher_open(v) AS open, erp.voucher_status(v) AS status,
    (SELECT count(*) FROM erp.voucher_line l WHERE l.voucher = v.number) AS lines,
    (SELECT coalesce(sum(e.debit - e.credit), 0) FROM erp.ledger_entry e
     WHERE e.document = v.number AND e.account = erp.ledger_account('variance')) AS variance
FROM erp.voucher v;

CREATE OR REPLACE VIEW erp.payment_summary AS
SELECT p.number, p.external_id, p.case_id, p.facility, p.supplier, p.currency::text AS currency, p.paid_on, p.amount,
    (SELECT sum(i.discount) FROM erp.payment_item i WHERE i.payment = p.number) AS discount, p.reference,
    CASE WHEN p.reversed THEN 'reversed' ELSE 'booked' END AS status,
    (SELECT array_agg(v.external_id ORDER BY i.position) FROM erp.payment_item i
     JOIN erp.voucher v ON v.number = i.voucher WHERE i.payment = p.number) AS invoices
FROM erp.payment p;
