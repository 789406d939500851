// Package crypto keeps personal data sealed: in memory ([Secret]), at rest ([DataKey], [KEK], [Keyring]) and on the way to
// the party that the consumer chose ([SealPackage], [OpenPackage]).
//
// It uses the cryptography of Go's standard library and nothing else, and imports no other package of this module that a host can import, so a
// recipient can use it alone to open what it was sent.
//
// # What is promised
//
//   - A sealed value opens only with its key and with exactly the [Context] it was sealed under. Tenant, subject, grant,
//     purpose, category, compartment, item and schema version are all bound: one of them changed and it does not open.
//     The same holds for a wrapped key, also when the host's key service has no notion of a context.
//   - A sealed value opens under one key only. AES-GCM alone does not give that (one ciphertext can be made that two keys
//     open, to two plaintexts); a commitment stored with it does.
//   - Every bit matters: a value that was changed, cut, extended, or whose chunks were moved does not open. A stream's reader
//     returns only bytes that have been authenticated.
//   - Every failure to open is [ErrOpen] and says nothing more. An envelope under a wrong key or context costs the same work
//     as one whose content was changed.
//   - A package tells its recipient who made it, for which release, grant and purpose, and who else received it; all of that
//     is signed. All recipients of a package open the same plaintext.
//   - A Secret is not printed, logged or encoded by accident.
//   - No error of this package holds a key, a plaintext or a context's values. Of an error of the host's own (a KEK, a signer, a
//     stream) it says the operation and the type; errors.Is and errors.As find the original.
//
// # What is not promised
//
//   - Wiping is best effort. Go's runtime and the standard library make copies (of stacks, of expanded keys) that this
//     package cannot reach, and the operating system may swap or dump memory.
//   - Lengths are not hidden. A sealed value is a fixed number of bytes longer than its plaintext. A package's header is
//     readable by whoever holds the package: release id, grant id, purpose, time, sender and recipients' key fingerprints.
//   - Rollback is not detected here: an old sealed value put back in its place opens, for it was sealed for that place. Who
//     must detect that counts versions in the store.
//   - A stream that is cut off is refused at its end; what was read before that was authentic but not all. Act on a stream's
//     content after io.EOF only.
//   - A replayed package is detected only with the host's memory of release ids ([OpenOptions.Seen]).
//   - X25519-only recipients are not protected against a future quantum computer; the default key type is. Signatures are
//     Ed25519 and need to hold only at the time a package is opened.
//   - GODEBUG=fips140=only is not supported: it forbids AES-GCM with a nonce chosen by the caller. fips140=on works.
//
// # The key tree
//
//	KEK            per tenant and compartment, in a cloud key service or an HSM (or LocalKEK); never leaves it
//	 └ DataKey     random, per grant and compartment, kept wrapped in a key store apart from the data
//	    └ one-time key per sealed value, derived from the data key, a fresh 32-byte salt and the context
//
// A data key is never derived, for what can be derived again cannot be destroyed: deleting the wrapped key makes everything
// under it unreadable, in backups too ([ErrShredded]). Rotation replaces the KEK and rewraps data keys ([Rewrap]); the sealed
// data stays as it is.
//
// # Concurrency
//
// All types are safe for concurrent use, except StreamWriter and StreamReader, which belong to one goroutine.
//
// # Formats
//
// Every format is documented byte by byte where it is made, for other languages to implement: [Context.AppendBinary],
// [DataKey.Seal], [DataKey.SealTo], [WrappedKey], [Keyring], [Package], [RecipientKey], [SenderKey], [DataKey.Pseudonym].
// testdata/vectors.json holds examples of each. A version of a format never changes; a new one gets another suite number.
package crypto
