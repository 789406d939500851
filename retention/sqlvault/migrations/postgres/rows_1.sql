CREATE TABLE brondata_vault_rows (
	expires BIGINT  NOT NULL, -- milliseconds since 1970, UTC
	link    TEXT    COLLATE "C" NOT NULL,
	item    TEXT    COLLATE "C" NOT NULL,
	chunk   INTEGER NOT NULL,
	sealed  BYTEA   NOT NULL,
	PRIMARY KEY (expires, link, item, chunk)
);
-- What is encrypted does not compress.
ALTER TABLE brondata_vault_rows ALTER COLUMN sealed SET STORAGE EXTERNAL;
