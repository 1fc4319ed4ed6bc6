-- What the ERP knows before anybody orders. Codes are the ERP's own keys. Amounts are per the currency beside them.

CREATE SCHEMA IF NOT EXISTS erp;

-- NaN sorts above infinity, so one comparison keeps both out.
DO $$
BEGIN
    CREATE DOMAIN erp.amount AS numeric CHECK (VALUE >= 0 AND VALUE < 'Infinity');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

CREATE TABLE IF NOT EXISTS erp.setting (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    over_receipt_percent integer NOT NULL DEFAULT 10 CHECK (over_receipt_percent BETWEEN 0 AND 100)
);
INSERT INTO erp.setting DEFAULT VALUES ON CONFLICT DO NOTHING;

-- Which loads of master data were made, by the fingerprint of their content.
CREATE TABLE IF NOT EXISTS erp.data_load (
    sha256 text PRIMARY KEY,
    loaded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS erp.account (
    code text PRIMARY KEY,
    name text NOT NULL,
    open boolean NOT NULL
);

CREATE TABLE IF NOT EXISTS erp.category_account (
    category text PRIMARY KEY,
    account text NOT NULL REFERENCES erp.account
);

CREATE TABLE IF NOT EXISTS erp.cost_centre (
    code text PRIMARY KEY,
    name text NOT NULL,
    facility text NOT NULL,
    open boolean NOT NULL,
    owner text NOT NULL
);

CREATE TABLE IF NOT EXISTS erp.supplier (
    code text PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    currency char(3) NOT NULL,
    blocked_orders boolean NOT NULL,
    blocked_payment boolean NOT NULL,
    lead_days integer NOT NULL CHECK (lead_days >= 0),
    gln text NOT NULL,
    country text NOT NULL
);

-- The supplier desk's grading. Added later, so that installed databases take it as well.
ALTER TABLE erp.supplier ADD COLUMN IF NOT EXISTS risk text NOT NULL DEFAULT 'low'
    CHECK (risk IN ('low', 'elevated', 'high', 'new'));

CREATE TABLE IF NOT EXISTS erp.item (
    code text PRIMARY KEY,
    description text NOT NULL,
    category text NOT NULL,
    account text NOT NULL REFERENCES erp.account,
    unit text NOT NULL,
    unit_quantity erp.amount NOT NULL,
    pack_size integer NOT NULL CHECK (pack_size > 0),
    price erp.amount NOT NULL,
    currency char(3) NOT NULL,
    supplier text NOT NULL REFERENCES erp.supplier,
    gtin text NOT NULL,
    unspsc text NOT NULL,
    active boolean NOT NULL,
    substitute text REFERENCES erp.item DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE IF NOT EXISTS erp.contract (
    number text PRIMARY KEY,
    supplier text NOT NULL REFERENCES erp.supplier,
    item text NOT NULL REFERENCES erp.item,
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    currency char(3) NOT NULL,
    value_limit erp.amount,
    drawn erp.amount NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS contract_item ON erp.contract (item, supplier);

CREATE TABLE IF NOT EXISTS erp.contract_tier (
    contract text NOT NULL REFERENCES erp.contract ON DELETE CASCADE,
    minimum erp.amount NOT NULL,
    price erp.amount NOT NULL,
    PRIMARY KEY (contract, minimum)
);

CREATE TABLE IF NOT EXISTS erp.stock (
    facility text NOT NULL,
    item text NOT NULL REFERENCES erp.item,
    available erp.amount NOT NULL,
    PRIMARY KEY (facility, item)
);

CREATE TABLE IF NOT EXISTS erp.budget (
    facility text NOT NULL,
    cost_centre text NOT NULL REFERENCES erp.cost_centre,
    account text NOT NULL REFERENCES erp.account,
    fiscal_year integer NOT NULL,
    total numeric NOT NULL,
    spent numeric NOT NULL,
    currency char(3) NOT NULL,
    PRIMARY KEY (facility, cost_centre, account, fiscal_year)
);

CREATE TABLE IF NOT EXISTS erp.closed_period (
    facility text NOT NULL,
    starts date NOT NULL,
    ends date NOT NULL CHECK (ends >= starts),
    PRIMARY KEY (facility, starts, ends)
);
