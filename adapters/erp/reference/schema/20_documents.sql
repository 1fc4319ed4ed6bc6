-- What happened: orders, changes, receipts, returns and stock issues. Every document carries the caller's external id,
-- unique for ever, so that the same request can never make a second document.

CREATE TABLE IF NOT EXISTS erp.number_sequence (
    kind text NOT NULL,
    year integer NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (kind, year)
);

CREATE TABLE IF NOT EXISTS erp.purchase_order (
    number text PRIMARY KEY,
    external_id text NOT NULL UNIQUE,
    case_id text NOT NULL,
    facility text NOT NULL,
    supplier text NOT NULL REFERENCES erp.supplier,
    requester text NOT NULL,
    currency char(3) NOT NULL,
    ordered_on date NOT NULL,
    status text NOT NULL DEFAULT 'OPEN'
        CHECK (status IN ('OPEN', 'RECEIVED', 'CLOSED', 'CLOSED_SHORT', 'CANCELLED')),
    status_reason text NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS purchase_order_case ON erp.purchase_order (case_id);

CREATE TABLE IF NOT EXISTS erp.purchase_order_line (
    order_number text NOT NULL REFERENCES erp.purchase_order,
    line integer NOT NULL,
    item text REFERENCES erp.item,
    description text NOT NULL,
    quantity erp.amount NOT NULL,
    unit text NOT NULL,
    pack_size integer NOT NULL CHECK (pack_size > 0),
    unit_price erp.amount NOT NULL,
    need_by date NOT NULL,
    deliver_to text NOT NULL,
    contract text REFERENCES erp.contract,
    gtin text NOT NULL,
    unspsc text NOT NULL,
    received erp.amount NOT NULL DEFAULT 0,
    contract_drawn erp.amount NOT NULL DEFAULT 0,
    PRIMARY KEY (order_number, line)
);

-- What bills took of the line, and what is owed for its goods without a bill. Added later, so that installed databases
-- take it as well. `category` is that of a line that names no item.
ALTER TABLE erp.purchase_order_line ADD COLUMN IF NOT EXISTS category text NOT NULL DEFAULT '';
ALTER TABLE erp.purchase_order_line ADD COLUMN IF NOT EXISTS billed erp.amount NOT NULL DEFAULT 0;
ALTER TABLE erp.purchase_order_line ADD COLUMN IF NOT EXISTS billed_amount numeric NOT NULL DEFAULT 0;
ALTER TABLE erp.purchase_order_line ADD COLUMN IF NOT EXISTS accrued numeric NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS purchase_order_supplier ON erp.purchase_order (supplier, facility, ordered_on);

CREATE TABLE IF NOT EXISTS erp.order_cost (
    order_number text NOT NULL,
    line integer NOT NULL,
    position integer NOT NULL,
    cost_centre text NOT NULL REFERENCES erp.cost_centre,
    account text NOT NULL REFERENCES erp.account,
    percent erp.amount NOT NULL CHECK (percent > 0 AND percent <= 100),
    PRIMARY KEY (order_number, line, position),
    FOREIGN KEY (order_number, line) REFERENCES erp.purchase_order_line
);

CREATE TABLE IF NOT EXISTS erp.order_change (
    external_id text PRIMARY KEY,
    order_number text NOT NULL REFERENCES erp.purchase_order,
    lines jsonb NOT NULL
);

-- kind 'RECEIPT': quantity came in. kind 'RETURN': quantity went back.
CREATE TABLE IF NOT EXISTS erp.goods_movement (
    number text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('RECEIPT', 'RETURN')),
    external_id text NOT NULL UNIQUE,
    order_number text NOT NULL REFERENCES erp.purchase_order,
    booked_on date NOT NULL,
    booked_by text NOT NULL,
    delivery_note text NOT NULL
);
CREATE INDEX IF NOT EXISTS goods_movement_order ON erp.goods_movement (order_number);

CREATE TABLE IF NOT EXISTS erp.goods_movement_line (
    movement text NOT NULL REFERENCES erp.goods_movement,
    position integer NOT NULL,
    line integer NOT NULL,
    quantity erp.amount NOT NULL,
    rejected erp.amount NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (movement, position)
);

CREATE TABLE IF NOT EXISTS erp.stock_issue (
    number text PRIMARY KEY,
    external_id text NOT NULL UNIQUE,
    case_id text NOT NULL,
    facility text NOT NULL,
    deliver_to text NOT NULL,
    returned boolean NOT NULL DEFAULT false,
    return_reason text NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS erp.stock_issue_line (
    issue text NOT NULL REFERENCES erp.stock_issue,
    position integer NOT NULL,
    line integer NOT NULL,
    item text NOT NULL REFERENCES erp.item,
    quantity erp.amount NOT NULL CHECK (quantity > 0),
    cost_centre text NOT NULL REFERENCES erp.cost_centre,
    PRIMARY KEY (issue, position)
);
