-- Goods that were received before there was a general ledger: their accrual is opened (kind 'OB') at the order's price.
-- Nothing is found on a second run, because every later movement keeps the accrual true.
DO $$
DECLARE
    earlier text;
    target erp.purchase_order;
BEGIN
    FOR earlier IN
        SELECT o.number FROM erp.purchase_order o
        WHERE EXISTS (SELECT FROM erp.purchase_order_line l
                      WHERE l.order_number = o.number AND l.accrued <> erp.unbilled(l, o.currency))
        ORDER BY o.number COLLATE "C"
    LOOP
        target := erp.locked_order(earlier);
        PERFORM erp.accrue(target, 'OB', erp.last_open_movement_day(target));
    END LOOP;
END $$;
