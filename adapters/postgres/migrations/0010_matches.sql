-- How each invoice was matched, round by round, and bills that give a commitment back.

CREATE TABLE invoice_matches (
    case_id     text COLLATE "C" NOT NULL,
    round       integer NOT NULL CHECK (round > 0),
    result      jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, round)
);

ALTER TABLE commitment_operations DROP CONSTRAINT commitment_operations_kind_check;
ALTER TABLE commitment_operations ADD CONSTRAINT commitment_operations_kind_check
    CHECK (kind IN ('reserve', 'order', 'invoice', 'credit', 'release'));
