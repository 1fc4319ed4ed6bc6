-- For those who count: one row per order, as the ERP itself holds it.

CREATE OR REPLACE VIEW erp.order_summary AS
SELECT o.number, o.external_id, o.case_id, o.facility, o.supplier, o.status, o.currency::text AS currency, o.ordered_on,
    (SELECT sum(round(l.unit_price * l.quantity, erp.minor_units(o.currency)))
     FROM erp.purchase_order_line l WHERE l.order_number = o.number) AS total,
    (SELECT count(*) FROM erp.purchase_order_line l WHERE l.order_number = o.number) AS lines,
    (SELECT count(*) FROM erp.goods_movement m WHERE m.order_number = o.number AND m.kind = 'RECEIPT') AS receipts,
    (SELECT count(*) FROM erp.goods_movement m WHERE m.order_number = o.number AND m.kind = 'RETURN') AS returns
FROM erp.purchase_order o;
