CREATE TABLE consent_items (
	kind    TEXT    NOT NULL,
	id      TEXT    NOT NULL,
	owner   TEXT    NOT NULL,
	due     INTEGER,            -- Unix milliseconds
	version INTEGER NOT NULL,
	body    BLOB    NOT NULL,
	PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX consent_items_owner ON consent_items (kind, owner, id) WHERE owner <> '';
CREATE INDEX consent_items_due ON consent_items (kind, due, id) WHERE due IS NOT NULL;

CREATE TABLE audit_entries (
	idx       INTEGER PRIMARY KEY, -- from 0, without gaps
	subject   BLOB    NOT NULL,    -- pseudonym
	leaf      BLOB    NOT NULL,
	detail    BLOB                 -- NULL when erased
) STRICT;
CREATE INDEX audit_entries_subject ON audit_entries (subject, idx);
CREATE TABLE audit_hashes (
	idx  INTEGER PRIMARY KEY,      -- of the Merkle tree's stored hashes
	hash BLOB NOT NULL
) STRICT;
CREATE TABLE audit_secrets (
	id     BLOB PRIMARY KEY,
	secret BLOB NOT NULL
) STRICT, WITHOUT ROWID;
