CREATE TABLE brondata_vault_keys (
	space   TEXT   COLLATE "C" NOT NULL,
	id      TEXT   COLLATE "C" NOT NULL,
	version BIGINT NOT NULL,
	due     BIGINT,          -- milliseconds since 1970, UTC; NULL for never
	body    BYTEA  NOT NULL,
	PRIMARY KEY (space, id)
);
CREATE INDEX brondata_vault_keys_due ON brondata_vault_keys (space, due, id) WHERE due IS NOT NULL;
