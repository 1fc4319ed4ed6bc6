-- What Corridor keeps of documents in an ERP that has no unique external ids: each claim exists before its document, and
-- says what the ERP has no field for. Turns are advisory locks of the session, so that they end with their process.

CREATE TABLE erp_claims (
    kind       text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    body       jsonb NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, key)
);
