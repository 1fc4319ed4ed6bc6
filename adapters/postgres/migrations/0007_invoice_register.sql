-- Every invoice that Corridor knows, so that none is taken twice, and which accounts of suppliers people confirmed.

CREATE TABLE invoice_register (
    case_id          text COLLATE "C" PRIMARY KEY,
    facility         text COLLATE "C" NOT NULL,
    supplier         text COLLATE "C" NOT NULL,
    number           text NOT NULL,
    number_key       text COLLATE "C" NOT NULL,  -- normalised: what is unique
    kind             text NOT NULL CHECK (kind IN ('invoice', 'credit-note')),
    amount           numeric NOT NULL,
    currency         text NOT NULL,
    issued_on        date NOT NULL,
    order_numbers    text[] NOT NULL,
    document_sha256  text NOT NULL,
    state            text NOT NULL CONSTRAINT known_state CHECK (state IN (
        'registered', 'matched', 'posted', 'payable', 'paid', 'rejected', 'duplicate', 'cancelled')),
    registered_at    timestamptz NOT NULL
);
-- One holder of a number, whatever the code above it does.
CREATE UNIQUE INDEX invoice_number_held ON invoice_register (supplier, number_key, kind)
    WHERE state NOT IN ('rejected', 'duplicate', 'cancelled');
CREATE INDEX invoice_register_by_number ON invoice_register (supplier, number_key);
CREATE INDEX invoice_register_by_amount ON invoice_register (supplier, amount);
CREATE INDEX invoice_register_by_document ON invoice_register (document_sha256);
CREATE INDEX invoice_register_by_order ON invoice_register USING gin (order_numbers) WHERE order_numbers <> '{}';

CREATE TABLE account_confirmations (
    supplier             text COLLATE "C" NOT NULL,
    account_fingerprint  text COLLATE "C" NOT NULL,
    case_id              text COLLATE "C" NOT NULL,
    confirmed_at         timestamptz NOT NULL,
    body                 jsonb NOT NULL,
    PRIMARY KEY (supplier, account_fingerprint, case_id)
);
CREATE INDEX account_confirmations_of_case ON account_confirmations (case_id);

CREATE TRIGGER account_confirmation_rows_stay BEFORE UPDATE OR DELETE ON account_confirmations
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_purge('case_id');

CREATE FUNCTION purge_register(purged text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM invoice_register WHERE case_id = purged;
    DELETE FROM account_confirmations WHERE case_id = purged;
END;

-- An order belongs to the purchase that placed it, though invoices name it as well.
CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER orders_are_of_purchases BEFORE INSERT ON case_orders
    FOR EACH ROW WHEN (NOT starts_with(NEW.case_id, 'procure-to-pay.')) EXECUTE FUNCTION leave_out();
-- Cases that name an order, for the list of cases.
CREATE INDEX cases_naming_order ON cases USING gin (order_numbers) WHERE order_numbers <> '{}';
