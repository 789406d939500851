-- Rows are stored in the order of their expiry: what expires together lies together, so that a sweep rewrites few pages.
CREATE TABLE brondata_vault_rows (
	expires INTEGER NOT NULL, -- milliseconds since 1970, UTC
	link    TEXT    NOT NULL,
	item    TEXT    NOT NULL,
	chunk   INTEGER NOT NULL,
	sealed  BLOB    NOT NULL,
	PRIMARY KEY (expires, link, item, chunk)
) WITHOUT ROWID;
