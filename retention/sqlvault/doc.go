// Package sqlvault keeps a vault's sealed rows and wrapped keys in SQLite or PostgreSQL, through database/sql: the host
// brings the driver. It was tested with modernc.org/sqlite and github.com/jackc/pgx/v5/stdlib.
//
// Data and keys are two stores, and belong in two databases, so that a copy of one is not a copy of the other; both may
// live in one for a start. A store for each compartment is the same again: open as many as wanted.
//
// # SQLite
//
// Every connection of the pool must have these settings, which a data source name can hold; opening checks one of them:
//
//	secure_delete  on: deleted content is overwritten with zeros
//	synchronous    full (the default) or extra: what was acknowledged survives a loss of power
//	busy_timeout   100 ms at least: several processes and connections write in turn
//	journal_mode   wal is recommended: readers and the writer do not block each other
//
// For modernc.org/sqlite: "file:vault.db?_pragma=secure_delete(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)".
// Old pages in the write-ahead log go when the vault scrubs, after deletions and sweeps, unless a reader keeps it from
// it; then the next time. The file does not shrink; free pages hold zeros.
//
// # PostgreSQL
//
// Replaced and deleted rows stay in the table's files until (auto)vacuum, and longer in write-ahead archives, replicas
// that lag and file system snapshots. So a destroyed key may be in those for a while, wrapped under the
// key-encryption key: keep archives of the key database short. synchronous_commit must be on, which is the default;
// opening checks it.
//
// # Migrations
//
// Opening creates the tables, or brings them forward; there is no way back. It is safe when several processes open at
// once. A database that a later version of this package brought forward is refused: [ErrSchema].
package sqlvault
