// Package audit keeps the log of who read which categories of whose data, on whose behalf, why, under which grant, when and
// with what outcome: a [Log] implements [retention.Recorder], and everything that hands out data writes to it first.
//
//	log, err := audit.Open(ctx, store, signer, &audit.Options{Origin: "log.example.com/consent"})
//	m, err := consent.NewManager(…, &consent.Options{Audit: log})
//
// # What it proves
//
// The entries are the leaves of a Merkle tree (RFC 6962, golang.org/x/mod/sumdb/tlog). [Log.Checkpoint] returns its size and
// root, signed. Whoever holds a checkpoint can later tell whether an entry that it covers was changed, removed, inserted or
// moved: [Log.Verify] names the first one, and [Log.Consistency] proves to somebody else that a later checkpoint only adds to
// an earlier one. A host keeps checkpoints where who can change the log cannot, or gives them to somebody: without a
// checkpoint that is held elsewhere, an owner of the database can write the whole log anew.
//
// [Log.Statement] gives a subject their own entries, each with a proof that it is in the log, without anything of anybody
// else's; [CheckStatement] checks it with the log's public key and nothing else. It proves what is in the statement, not that
// nothing was held back.
//
// # Privacy
//
// What is hashed into the tree is a time, a pseudonym made with a secret per subject, and a salted digest of the rest.
// [Log.Erase] deletes the rest, the salts and the secret: the tree and all proofs stay valid, nobody can tell any more whose
// the entries were, and nobody can find out by trying. Until then the rest is stored as it was given, with the id of whom the
// actor acted for.
//
// # Order and time
//
// An entry is durable when Record returns. Concurrent calls share one write to the store (group commit). Times never go
// back within a log: an entry that was made under a clock that was set back has the time of the entry before it.
package audit
