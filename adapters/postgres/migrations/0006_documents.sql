-- Documents as they came in, by their hash, and the copies that people and rules work on. Neither is ever changed.

CREATE TABLE documents (
    sha256       text COLLATE "C" PRIMARY KEY,
    media_type   text NOT NULL,
    name         text NOT NULL,
    size         bigint NOT NULL,
    channel      text NOT NULL,
    sender       text NOT NULL,
    received_at  timestamptz NOT NULL,
    content      bytea NOT NULL,
    kept_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT the_hash_is_the_contents CHECK (sha256 = encode(sha256(content), 'hex'))
);

CREATE TABLE invoice_copies (
    case_id          text COLLATE "C" NOT NULL,
    version          integer NOT NULL CHECK (version >= 1),
    document_sha256  text COLLATE "C" NOT NULL CONSTRAINT copies_have_an_original REFERENCES documents,
    made_by          text NOT NULL,
    made_at          timestamptz NOT NULL,
    body             text NOT NULL,  -- JSON, kept as text: an invoice of ten thousand lines is never searched here
    PRIMARY KEY (case_id, version)
);
CREATE INDEX invoice_copies_of_document ON invoice_copies (document_sha256);

-- Originals that went with the case that they were read for.
CREATE TABLE purged_documents (
    sha256   text COLLATE "C" PRIMARY KEY,
    case_id  text COLLATE "C" NOT NULL
);

-- What is left of the rows of a purged case is nothing; whatever else would change or remove them is refused.
CREATE FUNCTION refuse_change_but_purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM purged_cases WHERE case_id = to_jsonb(OLD) ->> TG_ARGV[0]) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on %: what was kept is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER invoice_copy_rows_stay BEFORE UPDATE OR DELETE ON invoice_copies
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_purge('case_id');
CREATE TRIGGER invoice_copies_stay BEFORE TRUNCATE ON invoice_copies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_change_of_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM purged_documents JOIN purged_cases USING (case_id)
                                    WHERE purged_documents.sha256 = OLD.sha256) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on %: what was kept is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER document_rows_stay BEFORE UPDATE OR DELETE ON documents
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_document();
CREATE TRIGGER documents_stay BEFORE TRUNCATE ON documents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The case's copies, and the originals of which no other case has a copy.
CREATE FUNCTION purge_documents(purged text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO purged_documents (sha256, case_id)
    SELECT DISTINCT own.document_sha256, purged FROM invoice_copies AS own
    WHERE own.case_id = purged AND NOT EXISTS (
        SELECT FROM invoice_copies AS other
        WHERE other.document_sha256 = own.document_sha256 AND other.case_id <> purged)
    ON CONFLICT (sha256) DO UPDATE SET case_id = excluded.case_id;
    DELETE FROM invoice_copies WHERE case_id = purged;
    DELETE FROM documents USING purged_documents AS stone
    WHERE stone.sha256 = documents.sha256 AND stone.case_id = purged;
END $$;
