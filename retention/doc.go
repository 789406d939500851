// Package retention keeps what a consumer consented to sealed, for no longer than was agreed, and makes it gone.
//
// A [Vault] is the library's; the two stores under it are the host's: a [Store] for sealed rows and a [KeyStore] for wrapped
// keys, kept apart. Package sqlvault has both for SQLite and PostgreSQL, [MemoryStore] and [MemoryKeyStore] are for tests, and
// package retentiontest checks a host's own. A [Policy] says how long, and is fixed when a link is created. A [Recorder]
// hears of every read before it happens; package audit is one.
//
//	link     v.CreateLink(ctx, ref, policy)              fixes the terms; comes first
//	write    v.KeepDossier, v.Keep, v.SaveState          all of it visible, or nothing
//	         v.SaveStateIf, [KeepOptions.Seen]           only in place of what was seen
//	read     v.ReadDossier, v.Read, v.State              names who and why; recorded before anything is returned
//	end      v.DestroyGrant, then v.DeleteGrant          unreadable at once, then gone, with a signed [Receipt]
//	         v.DeleteLink, v.DeleteCategory
//	always   v.Sweep                                     from any scheduler, in one process or all
//	rotation v.Rewrap                                    after the key-encryption key changed
//
// # How it is kept
//
// Each category of a link lives in one of three compartments ([CompartmentOf]), each of which can have a database and a
// key-encryption key of its own. A content is cut into chunks of at most a mebibyte. Rows carry a random link id and a
// random item id, and nothing else that could be joined.
//
//	key-encryption key     the host's, in a key service: one per tenant and compartment
//	 ├ grant's key         random, per grant and compartment; destroyed by DestroyGrant
//	 └ day's key           random, per day of expiry and compartment; destroyed by Sweep when the day is over
//	    └ category's key   random, new with each Keep; wrapped under both; destroyed by deleting, replacing or either of the above
//	       └ rows          sealed, bound to tenant, subject, grant, purpose, category, compartment, item, chunk and schema
//
// One record per link says what the link holds: categories, expiries, wrapped keys, rows. It changes by compare-and-set only,
// and names rows before they are written and until they are deleted. So what a link holds is never seen half changed, and
// whoever finds the record finishes what a killed process began.
//
// # What is promised
//
//   - From the instant of expiry on nothing expired is returned, whether or not a sweep was there. Reading extends nothing.
//   - The shortest of all rules wins: the policy's terms, the purpose's life of a category, the end of the grant.
//   - What the policy has below a day is in the memory of one process and never in a store.
//   - A clock that is set back revives nothing. The latest time seen is kept in the key store; a clock that is behind it by
//     more than [Options.Skew] stops reading and storing ([ErrClock]) and stops no deletion.
//   - Once DestroyGrant, DeleteLink or DeleteCategory has returned, what it names is [ErrShredded] for ever, in every process,
//     also when the rows come back from a backup of the data. Nothing of it can be stored again.
//   - A deletion that was acknowledged but interrupted is finished by any later sweep, and its receipt is the same.
//   - Nothing is returned that the [Recorder] did not take. Refusals are recorded as well.
//   - Rows in other places, old versions of rows, lost rows, and a changed expiry in a key record are noticed, and give an
//     error, never a wrong content.
//   - No error holds a content, or an id. Of an error of the host's own (a store, a key service, a log, a signer) it says the operation
//     and the type; errors.Is and errors.As find the original, for a host to log where it decides to.
//
// # What is not promised
//
//   - Backups of the key store. Who restores one, together with data of the same time, can read what was deleted in
//     between. Keep them for no longer than a deletion may take, and never beside backups of the data. Where the medium
//     keeps old versions (PostgreSQL until vacuum and in its archives, flash memory), a destroyed key is there for a while in its
//     wrapped form; destroying the key-encryption key ends that.
//   - Who can change the key store can delete, and can put back an old record: then an older version is readable, until its
//     own expiry, if its rows are still there.
//   - Memory. A key is in memory for [Options.KeyLife] after its use, and what was read is in the caller's. Wiping is best
//     effort. A read that began before a deletion may end after it.
//   - Expiry by a wrong clock: when a clock jumps ahead, what expires by it is gone. A host that doubts its clock should not
//     sweep. When the mark was set by a wrong clock, reading stops until time has caught up, or until [Vault.ResetClock],
//     which is recorded, and which a host lets few people do: together with a clock set back it revives what has expired
//     and was not swept.
//   - The moment of physical deletion. An expired row goes with the first sweep that comes at least a minute later, and
//     the key of its day after the day's end.
//   - Sizes, times and the number of categories are visible in the stores, as is which category a link's record speaks of.
//
// # Concurrency
//
// A Vault is safe for concurrent use, and any number of processes can work on the same stores. Writers of one link take turns
// by compare-and-set and try again a few times: [ErrConflict] says that they gave up, with nothing stored. Taking turns does not help a
// caller who stores what follows from what it read: let it say what it saw, with [KeepOptions.Seen] or [Vault.SaveStateIf].
package retention
