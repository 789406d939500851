CREATE TABLE brondata_vault_keys (
	space   TEXT    NOT NULL,
	id      TEXT    NOT NULL,
	version INTEGER NOT NULL,
	due     INTEGER,          -- milliseconds since 1970, UTC; NULL for never
	body    BLOB    NOT NULL,
	PRIMARY KEY (space, id)
) WITHOUT ROWID;
CREATE INDEX brondata_vault_keys_due ON brondata_vault_keys (space, due, id) WHERE due IS NOT NULL;
