-- The commitment ledger: how each budget line stands, what each case holds on it, and every movement that led there.
-- Budget lines compare bytewise (COLLATE "C"), so that everybody locks them in the same order.

CREATE TABLE commitment_budgets (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    facility    text COLLATE "C" NOT NULL,
    cost_centre text COLLATE "C" NOT NULL,
    account     text COLLATE "C" NOT NULL,
    fiscal_year integer NOT NULL,
    currency    text NOT NULL,
    total       numeric,  -- as the ERP last said; NULL: it has no budget there, so there is no limit
    spent       numeric NOT NULL DEFAULT 0,  -- the ERP's own spending
    reserved    numeric NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    ordered     numeric NOT NULL DEFAULT 0 CHECK (ordered >= 0),
    invoiced    numeric NOT NULL DEFAULT 0 CHECK (invoiced >= 0),
    UNIQUE (facility, cost_centre, account, fiscal_year)
) WITH (fillfactor = 50);  -- busy rows: room to change them beside themselves

CREATE TABLE commitment_holdings (
    case_id   text COLLATE "C" NOT NULL,
    line      integer NOT NULL,
    budget_id bigint NOT NULL REFERENCES commitment_budgets,
    reserved  numeric NOT NULL CHECK (reserved >= 0),
    ordered   numeric NOT NULL CHECK (ordered >= 0),
    invoiced  numeric NOT NULL CHECK (invoiced >= 0),
    PRIMARY KEY (case_id, line, budget_id)
);

-- Which operations were booked, by the caller's key: a repeated one finds its result here and changes nothing.
CREATE TABLE commitment_operations (
    key         text COLLATE "C" PRIMARY KEY,
    case_id     text COLLATE "C" NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('reserve', 'order', 'invoice', 'release')),
    result      jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE commitment_movements (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key       text COLLATE "C" NOT NULL REFERENCES commitment_operations,
    case_id   text COLLATE "C" NOT NULL,
    line      integer NOT NULL,
    budget_id bigint NOT NULL REFERENCES commitment_budgets,
    reserved  numeric NOT NULL,
    ordered   numeric NOT NULL,
    invoiced  numeric NOT NULL
);
CREATE INDEX commitment_movements_of_case ON commitment_movements (case_id, id);
