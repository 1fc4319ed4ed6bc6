-- What accounts payable know of suppliers, whom money is paid from, and the bills and payments in the books. Amounts are
-- in the document's currency; those of a credit note are negative.

ALTER TABLE erp.setting ADD COLUMN IF NOT EXISTS shared_facility text NOT NULL DEFAULT 'shared';

-- Suppliers without a row here have thirty days, ACH, and no account. `blocked` adds to the blocks of erp.supplier.
CREATE TABLE IF NOT EXISTS erp.supplier_payables (
    supplier text PRIMARY KEY REFERENCES erp.supplier,
    tax_id text NOT NULL,
    remittance_email text NOT NULL,
    senders text[] NOT NULL,
    blocked text[] NOT NULL CHECK (blocked <@ ARRAY['orders', 'posting', 'payment']),
    excluded boolean NOT NULL,
    net_days integer NOT NULL CHECK (net_days >= 0),
    discount_percent erp.amount NOT NULL CHECK (discount_percent <= 100),
    discount_days integer NOT NULL CHECK (discount_days >= 0),
    method text NOT NULL CHECK (method IN ('ach', 'credit-transfer'))
);

-- The account at the first position is the one that is paid to. `fingerprint` finds it without telling its number.
CREATE TABLE IF NOT EXISTS erp.supplier_account (
    supplier text NOT NULL REFERENCES erp.supplier,
    position integer NOT NULL,
    iban text NOT NULL,
    bic text NOT NULL,
    routing_number text NOT NULL,
    account_number text NOT NULL,
    name text NOT NULL,
    fingerprint text NOT NULL,
    changed_on date,
    changed_by text NOT NULL,
    PRIMARY KEY (supplier, position)
);

CREATE TABLE IF NOT EXISTS erp.debtor_account (
    facility text NOT NULL,
    currency char(3) NOT NULL,
    name text NOT NULL,
    iban text NOT NULL,
    bic text NOT NULL,
    routing_number text NOT NULL,
    account_number text NOT NULL,
    holder text NOT NULL,
    bank_name text NOT NULL,
    company_id text NOT NULL,
    PRIMARY KEY (facility, currency)
);

-- `paid` is what payments settled, discounts included; `withheld` is disputed and not paid.
CREATE TABLE IF NOT EXISTS erp.voucher (
    number text PRIMARY KEY,
    external_id text NOT NULL UNIQUE,
    case_id text NOT NULL,
    facility text NOT NULL,
    supplier text NOT NULL REFERENCES erp.supplier,
    supplier_number text NOT NULL,
    normalised text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('invoice', 'credit-note')),
    currency char(3) NOT NULL,
    issued_on date NOT NULL,
    posted_on date NOT NULL,
    due_on date NOT NULL,
    amount numeric NOT NULL,
    tax numeric NOT NULL,
    withheld numeric NOT NULL,
    paid numeric NOT NULL DEFAULT 0,
    document_sha256 text NOT NULL,
    credited text[] NOT NULL,
    reversed boolean NOT NULL DEFAULT false,
    reversal_reason text NOT NULL DEFAULT '',
    CHECK (abs(paid) <= abs(amount - withheld) AND paid * amount >= 0)
);
CREATE INDEX IF NOT EXISTS voucher_case ON erp.voucher (case_id);
-- The same bill is never in the books twice, whatever calls itself a new one.
CREATE UNIQUE INDEX IF NOT EXISTS voucher_once ON erp.voucher (supplier, normalised) WHERE NOT reversed;

CREATE TABLE IF NOT EXISTS erp.voucher_line (
    voucher text NOT NULL REFERENCES erp.voucher,
    position integer NOT NULL,
    line integer NOT NULL,
    order_number text,
    order_line integer,
    quantity numeric NOT NULL,
    amount numeric NOT NULL,
    PRIMARY KEY (voucher, position),
    FOREIGN KEY (order_number, order_line) REFERENCES erp.purchase_order_line
);
CREATE INDEX IF NOT EXISTS voucher_line_order ON erp.voucher_line (order_number);

CREATE TABLE IF NOT EXISTS erp.payment (
    number text PRIMARY KEY,
    external_id text NOT NULL UNIQUE,
    case_id text NOT NULL,
    facility text NOT NULL,
    supplier text NOT NULL REFERENCES erp.supplier,
    currency char(3) NOT NULL,
    paid_on date NOT NULL,
    amount erp.amount NOT NULL CHECK (amount > 0),
    reference text NOT NULL,
    reversed boolean NOT NULL DEFAULT false,
    reversal_reason text NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS payment_case ON erp.payment (case_id);

CREATE TABLE IF NOT EXISTS erp.payment_item (
    payment text NOT NULL REFERENCES erp.payment,
    position integer NOT NULL,
    voucher text NOT NULL REFERENCES erp.voucher,
    amount numeric NOT NULL,
    discount numeric NOT NULL,
    PRIMARY KEY (payment, position)
);
CREATE INDEX IF NOT EXISTS payment_item_voucher ON erp.payment_item (voucher);
