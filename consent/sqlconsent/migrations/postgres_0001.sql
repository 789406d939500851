CREATE TABLE consent_items (
	kind    TEXT COLLATE "C" NOT NULL,
	id      TEXT COLLATE "C" NOT NULL,
	owner   TEXT COLLATE "C" NOT NULL,
	due     BIGINT,             -- Unix milliseconds
	version BIGINT NOT NULL,
	body    BYTEA  NOT NULL,
	PRIMARY KEY (kind, id)
);
CREATE INDEX consent_items_owner ON consent_items (kind, owner, id) WHERE owner <> '';
CREATE INDEX consent_items_due ON consent_items (kind, due, id) WHERE due IS NOT NULL;

CREATE TABLE audit_entries (
	idx       BIGINT PRIMARY KEY, -- from 0, without gaps
	subject   BYTEA  NOT NULL,    -- pseudonym
	leaf      BYTEA  NOT NULL,
	detail    BYTEA                -- NULL when erased
);
CREATE INDEX audit_entries_subject ON audit_entries (subject, idx);
CREATE TABLE audit_hashes (
	idx  BIGINT PRIMARY KEY,      -- of the Merkle tree's stored hashes
	hash BYTEA NOT NULL
);
CREATE TABLE audit_secrets (
	id     BYTEA PRIMARY KEY,
	secret BYTEA NOT NULL
);
