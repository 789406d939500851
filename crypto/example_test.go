package crypto_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/brondata/brondata/crypto"
)

func ExampleSecret() {
	token := crypto.NewSecret([]byte("s3cr3t-token"))
	link := struct {
		ID    string
		token crypto.Secret
	}{"link-1", token}
	fmt.Printf("%v %x\n", token, token)
	fmt.Println(strings.Contains(fmt.Sprintf("%+v %#v", link, link), "s3cr3t"))

	err := token.Use(func(b []byte) error {
		fmt.Println(len(b), "bytes, here only")
		return nil
	})
	fmt.Println(err)
	token.Wipe()
	fmt.Println(token.IsZero())
	// Output:
	// [redacted] [redacted]
	// false
	// 12 bytes, here only
	// <nil>
	// true
}

// A value is sealed under a data key for one place; the data key is stored wrapped.
func ExampleDataKey_Seal() {
	ctx := context.Background()
	kek, _, err := crypto.GenerateLocalKEK() // in production a cloud key service or an HSM
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := crypto.NewDataKey()
	if err != nil {
		fmt.Println(err)
		return
	}
	keyContext := crypto.Context{Tenant: "tenant-1", Grant: "grant-1", Compartment: "financial"}
	wrapped, err := key.Wrap(ctx, kek, keyContext) // goes to the key store
	if err != nil {
		fmt.Println(err)
		return
	}

	place := keyContext
	place.Category, place.Item, place.Schema = "income", "item-1", 1
	sealed, err := key.Seal(nil, []byte("2500.00"), place) // goes to the data store
	if err != nil {
		fmt.Println(err)
		return
	}
	key.Wipe()

	key, err = crypto.UnwrapDataKey(ctx, kek, wrapped, keyContext)
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := key.Open(nil, sealed, place)
	fmt.Println(string(plain), err)

	place.Item = "item-2"
	_, err = key.Open(nil, sealed, place)
	fmt.Println(err)
	// Output:
	// 2500.00 <nil>
	// crypto: cannot open
}

func ExampleDataKey_SealTo() {
	key, err := crypto.NewDataKey()
	if err != nil {
		fmt.Println(err)
		return
	}
	place := crypto.Context{Tenant: "tenant-1", Item: "document-1"}
	var file bytes.Buffer
	w, err := key.SealTo(&file, place)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = io.Copy(w, strings.NewReader(strings.Repeat("a large document ", 10_000)))
	if err := errors.Join(err, w.Close()); err != nil { // without Close the stream does not open
		fmt.Println(err)
		return
	}
	cut := file.Bytes()[:file.Len()-1]

	r, err := key.OpenFrom(&file, place)
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := io.Copy(io.Discard, r)
	fmt.Println(n, err)

	r, err = key.OpenFrom(bytes.NewReader(cut), place)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = io.Copy(io.Discard, r)
	fmt.Println(errors.Is(err, crypto.ErrOpen))
	// Output:
	// 170000 <nil>
	// true
}

func ExampleKeyring() {
	ctx := context.Background()
	old, _, err1 := crypto.GenerateLocalKEK()
	next, _, err2 := crypto.GenerateLocalKEK()
	key, err3 := crypto.NewDataKey()
	ring, err4 := crypto.NewKeyring(1, old)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		fmt.Println(err)
		return
	}
	c := crypto.Context{Tenant: "tenant-1", Grant: "grant-1", Compartment: "financial"}
	stored, err := key.Wrap(ctx, ring, c)
	if err != nil {
		fmt.Println(err)
		return
	}

	if err := errors.Join(ring.Add(2, next), ring.SetPrimary(2)); err != nil {
		fmt.Println(err)
		return
	}
	rewrapped, changed, err := crypto.Rewrap(ctx, ring, stored, c)
	fmt.Println(changed, err)
	fmt.Println(ring.SetMinVersion(2))
	_, err = crypto.UnwrapDataKey(ctx, ring, stored, c)
	fmt.Println(err)
	_, err = crypto.UnwrapDataKey(ctx, ring, rewrapped, c)
	fmt.Println(err)
	// Output:
	// true <nil>
	// <nil>
	// crypto: unwrap key: crypto: key version not accepted
	// <nil>
}

func ExampleSealPackage() {
	ctx := context.Background()
	// The recipient makes a key pair and gives the public key to the host.
	private, err := crypto.GenerateRecipientKey(crypto.MLKEM768X25519)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The host has a signing key, whose public part the recipient knows.
	signer, _, err := crypto.GenerateLocalSigner()
	if err != nil {
		fmt.Println(err)
		return
	}
	pkg, err := crypto.SealPackage(ctx, crypto.PackageParams{
		ReleaseID:  "release-1",
		GrantID:    "grant-1",
		Purpose:    "mortgage",
		Recipients: []crypto.RecipientKey{private.Public()},
		Sender:     signer,
	}, []byte(`{"records":[]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	sent := pkg.Bytes()

	// The recipient's side.
	received, err := crypto.ParsePackage(sent)
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := crypto.OpenPackage(ctx, received, private, []crypto.SenderKey{signer.Public()}, nil)
	fmt.Println(string(plain), err)
	fmt.Println(received.Header().ReleaseID, received.Header().Purpose)
	// Output:
	// {"records":[]} <nil>
	// release-1 mortgage
}

func ExampleOpenPackage() {
	ctx := context.Background()
	private, err1 := crypto.GenerateRecipientKey(crypto.X25519)
	signer, _, err2 := crypto.GenerateLocalSigner()
	pkg, err3 := crypto.SealPackage(ctx, crypto.PackageParams{
		ReleaseID: "release-7", Recipients: []crypto.RecipientKey{private.Public()}, Sender: signer,
	}, []byte("data"))
	if err := errors.Join(err1, err2, err3); err != nil {
		fmt.Println(err)
		return
	}
	seen := map[string]bool{} // in production a table with a unique key
	o := &crypto.OpenOptions{Seen: func(_ context.Context, h crypto.Header) (bool, error) {
		key := h.Sender.String() + " " + h.ReleaseID
		first := !seen[key]
		seen[key] = true
		return first, nil
	}}
	for range 2 {
		_, err := crypto.OpenPackage(ctx, pkg, private, []crypto.SenderKey{signer.Public()}, o)
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// crypto: release opened before
}

func ExampleDataKey_Pseudonym() {
	key, err := crypto.NewDataKey() // one per purpose and recipient
	if err != nil {
		fmt.Println(err)
		return
	}
	a, _ := key.Pseudonym("research", "institute", "subject-1")
	b, _ := key.Pseudonym("research", "institute", "subject-1")
	c, _ := key.Pseudonym("research", "university", "subject-1")
	fmt.Println(len(a), a == b, a == c)
	// Output:
	// 64 true false
}
