package crypto_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/crypto"
)

// parcel is a package with everything set and those who take part in it.
type parcel struct {
	signer *crypto.LocalSigner
	to     []crypto.RecipientPrivateKey
	params crypto.PackageParams
	plain  []byte
	sealed crypto.Package
}

func newParcel(t testing.TB, plain []byte, kems ...crypto.KEM) parcel {
	t.Helper()
	p := parcel{signer: newSigner(t), plain: plain}
	p.params = crypto.PackageParams{
		ReleaseID: "release-1", GrantID: "grant-9c21", Purpose: "mortgage",
		Created: time.Date(2026, 11, 22, 10, 0, 0, 5, time.FixedZone("CET", 3600)), Sender: p.signer,
	}
	for _, kem := range kems {
		k := newRecipient(t, kem)
		p.to = append(p.to, k)
		p.params.Recipients = append(p.params.Recipients, k.Public())
	}
	var err error
	p.sealed, err = crypto.SealPackage(context.Background(), p.params, plain)
	require.NoError(t, err)
	return p
}

func (p parcel) senders() []crypto.SenderKey { return []crypto.SenderKey{p.signer.Public()} }

// open parses and opens as a recipient does.
func (p parcel) open(b []byte, i int, o *crypto.OpenOptions) ([]byte, error) {
	pkg, err := crypto.ParsePackage(b)
	if err != nil {
		return nil, err
	}
	return crypto.OpenPackage(context.Background(), pkg, p.to[i], p.senders(), o)
}

func TestPackageRoundTrip(t *testing.T) {
	t.Parallel()
	for _, plain := range [][]byte{nil, []byte("x"), fill(1, 100_000)} {
		p := newParcel(t, plain, crypto.MLKEM768X25519, crypto.X25519, 0)
		for i := range p.to {
			got, err := p.open(p.sealed.Bytes(), i, nil)
			require.NoError(t, err)
			require.True(t, bytes.Equal(plain, got))
		}
		h := p.sealed.Header()
		parsed, err := crypto.ParsePackage(p.sealed.Bytes())
		require.NoError(t, err)
		require.Equal(t, h, parsed.Header())
		require.Equal(t, "release-1", h.ReleaseID)
		require.Equal(t, "grant-9c21", h.GrantID)
		require.Equal(t, "mortgage", h.Purpose)
		require.Equal(t, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), h.Created)
		require.Equal(t, p.signer.Public(), h.Sender)
		require.True(t, h.For(p.to[2].Public()))
		require.False(t, h.For(newRecipient(t, crypto.X25519).Public()))
		require.False(t, h.For(crypto.RecipientKey{}))
		h.Recipients[0] = crypto.Fingerprint{}
		require.NotEqual(t, h, p.sealed.Header(), "the header handed out is a copy")
	}
	require.True(t, crypto.Package{}.IsZero())
	require.Equal(t, crypto.Header{}, crypto.Package{}.Header())
}

func TestPackageProperty(t *testing.T) {
	t.Parallel()
	keys := []crypto.RecipientPrivateKey{newRecipient(t, crypto.X25519), newRecipient(t, crypto.MLKEM768X25519), newRecipient(t, crypto.X25519)}
	signer := newSigner(t)
	rapid.Check(t, func(t *rapid.T) {
		p := parcel{signer: signer}
		p.params = crypto.PackageParams{
			ReleaseID: rapid.StringN(1, 30, crypto.MaxName).Draw(t, "release"), GrantID: rapid.StringN(0, 30, crypto.MaxName).Draw(t, "grant"),
			Purpose: rapid.StringN(0, 30, crypto.MaxName).Draw(t, "purpose"), Sender: signer,
		}
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 2), 1, 3, rapid.ID).Draw(t, "recipients") {
			p.to = append(p.to, keys[i])
			p.params.Recipients = append(p.params.Recipients, keys[i].Public())
		}
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		sealed, err := crypto.SealPackage(context.Background(), p.params, plain)
		require.NoError(t, err)
		for i := range p.to {
			got, err := p.open(sealed.Bytes(), i, nil)
			require.NoError(t, err)
			require.True(t, bytes.Equal(plain, got))
		}
		require.Equal(t, p.params.Purpose, sealed.Header().Purpose)
	})
}

func TestPackageRefusesEveryBitAndCut(t *testing.T) {
	t.Parallel()
	p := newParcel(t, []byte("twenty-five bytes of data"), crypto.X25519, crypto.X25519)
	b := p.sealed.Bytes()
	for i := range len(b) * 8 {
		bad := bytes.Clone(b)
		bad[i/8] ^= 1 << (i % 8)
		_, err := p.open(bad, 0, nil)
		require.Equal(t, crypto.ErrOpen, err, "bit %d", i)
	}
	for i := range b {
		_, err := p.open(b[:i], 0, nil)
		require.Equal(t, crypto.ErrOpen, err, "cut at %d", i)
		_, err = p.open(b[i+1:], 0, nil)
		require.Equal(t, crypto.ErrOpen, err, "begun after %d", i)
	}
	_, err := p.open(append(bytes.Clone(b), 0), 0, nil)
	require.Equal(t, crypto.ErrOpen, err, "extended")
	_, err = crypto.OpenPackage(t.Context(), crypto.Package{}, p.to[0], p.senders(), nil)
	require.Equal(t, crypto.ErrOpen, err)

	// The default key type is larger: every byte.
	p = newParcel(t, []byte("x"), crypto.MLKEM768X25519)
	for i := range p.sealed.Bytes() {
		bad := bytes.Clone(p.sealed.Bytes())
		bad[i] ^= 1 << (i % 8)
		_, err := p.open(bad, 0, nil)
		require.Equal(t, crypto.ErrOpen, err, "byte %d", i)
	}
}

// TestPackageRefusesWithAGoodSignature changes things and signs again, as a dishonest but trusted sender, or our own mistake,
// would: what the encryption binds must hold by itself.
func TestPackageRefusesWithAGoodSignature(t *testing.T) {
	t.Parallel()
	to, other := newRecipient(t, crypto.X25519), newRecipient(t, crypto.X25519)
	base := func() refPackage {
		return refPackage{
			params: crypto.PackageParams{ReleaseID: "release", GrantID: "grant", Purpose: "purpose", Recipients: []crypto.RecipientKey{to.Public()}},
			seed:   fill(9, 32), contentKeys: [][]byte{fill(7, 32)}, salt: fill(5, 32), plain: []byte("data"),
		}
	}
	open := func(p refPackage) error {
		pkg, err := crypto.ParsePackage(p.bytes(t))
		if err != nil {
			return err
		}
		_, err = crypto.OpenPackage(t.Context(), pkg, to, []crypto.SenderKey{pkg.Header().Sender}, nil)
		return err
	}
	require.NoError(t, open(base()))

	// Every bit of the header, signed again. Only the digest and the names are compared elsewhere; all must be refused.
	header := len(base().bytes(t)) - 64 - len("data") - 16
	for i := range header * 8 {
		p := base()
		p.mutate = func(b []byte) []byte { b[i/8] ^= 1 << (i % 8); return b }
		if i/8 >= 16 && i/8 < 48 {
			continue // the sender's key: the signature is another's then, which the bit test covers
		}
		require.Equal(t, crypto.ErrOpen, open(p), "bit %d", i)
	}
	p := base()
	f := other.Public().Fingerprint()
	p.claimed = &f
	require.Equal(t, crypto.ErrOpen, open(p), "an encapsulation under another recipient's name")
	p = base()
	p.contentKeys = [][]byte{fill(7, 31)}
	require.Equal(t, crypto.ErrOpen, open(p), "a content key of another length")
	p = base()
	p.mutate = func(b []byte) []byte { b[7]++; return append(b, 0) }
	require.Equal(t, crypto.ErrOpen, open(p), "one byte more in the header")
	p = base()
	p.params.Recipients = append(p.params.Recipients, to.Public())
	require.Equal(t, crypto.ErrOpen, open(p), "a recipient twice")
	p = base()
	p.params.Recipients = nil
	require.Equal(t, crypto.ErrOpen, open(p), "no recipient")
	p = base()
	p.params.ReleaseID = ""
	require.Equal(t, crypto.ErrOpen, open(p), "no release id")
	p = base()
	p.params.Purpose = strings.Repeat("x", crypto.MaxName+1)
	require.Equal(t, crypto.ErrOpen, open(p), "a name too long")
	p = base()
	p.params.Created = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, crypto.ErrOpen, open(p), "a time out of range")
}

// TestPackageIsNotForwarded takes a package's encapsulation and content and makes a package of them for somebody else, or
// from somebody else.
func TestPackageIsNotForwarded(t *testing.T) {
	t.Parallel()
	p := newParcel(t, []byte("data"), crypto.X25519)
	stranger := newRecipient(t, crypto.X25519)
	_, err := crypto.OpenPackage(t.Context(), p.sealed, stranger, p.senders(), nil)
	require.Equal(t, crypto.ErrOpen, err, "not a recipient")
	otherSender := newSigner(t)
	_, err = crypto.OpenPackage(t.Context(), p.sealed, p.to[0], []crypto.SenderKey{otherSender.Public(), {}}, nil)
	require.Equal(t, crypto.ErrOpen, err, "a sender that is not pinned")
	_, err = crypto.OpenPackage(t.Context(), p.sealed, p.to[0], []crypto.SenderKey{otherSender.Public(), p.signer.Public()}, nil)
	require.NoError(t, err)

	// Somebody else signs the same header under their own key.
	b := bytes.Clone(p.sealed.Bytes())
	pub := otherSender.Public()
	copy(b[16:48], pub[:])
	end := 8 + int(b[4])<<24 + int(b[5])<<16 + int(b[6])<<8 + int(b[7])
	sig, err := otherSender.Sign(t.Context(), append([]byte("brondata/v1/package-signature\x00"), b[:end]...))
	require.NoError(t, err)
	copy(b[end:], sig)
	pkg, err := crypto.ParsePackage(b)
	require.NoError(t, err)
	_, err = crypto.OpenPackage(t.Context(), pkg, p.to[0], []crypto.SenderKey{pub}, nil)
	require.Equal(t, crypto.ErrOpen, err, "the sender is bound into the encapsulation")

	for _, senders := range [][]crypto.SenderKey{nil, {}} {
		_, err = crypto.OpenPackage(t.Context(), p.sealed, p.to[0], senders, nil)
		require.ErrorIs(t, err, crypto.ErrInvalid)
	}
	_, err = crypto.OpenPackage(t.Context(), p.sealed, crypto.RecipientPrivateKey{}, p.senders(), nil)
	require.ErrorIs(t, err, crypto.ErrInvalid)
}

func TestPackageReplay(t *testing.T) {
	t.Parallel()
	p := newParcel(t, []byte("data"), crypto.X25519)
	var seen sync.Map
	o := &crypto.OpenOptions{Seen: func(_ context.Context, h crypto.Header) (bool, error) {
		_, loaded := seen.LoadOrStore(h.Sender.String()+" "+h.ReleaseID, true)
		return !loaded, nil
	}}
	bad := bytes.Clone(p.sealed.Bytes())
	bad[len(bad)-1] ^= 1
	_, err := p.open(bad, 0, o)
	require.Equal(t, crypto.ErrOpen, err, "and a forgery does not use up the release id")

	var opened, replayed atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := p.open(p.sealed.Bytes(), 0, o)
			if err == nil {
				opened.Add(1)
			} else if errors.Is(err, crypto.ErrReplayed) && got == nil {
				replayed.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, opened.Load())
	require.EqualValues(t, 7, replayed.Load())

	down := errors.New("database is down")
	got, err := p.open(p.sealed.Bytes(), 0, &crypto.OpenOptions{Seen: func(context.Context, crypto.Header) (bool, error) { return true, down }})
	require.ErrorIs(t, err, down)
	require.Nil(t, got)
}

func TestPackageAge(t *testing.T) {
	t.Parallel()
	p := newParcel(t, []byte("data"), crypto.X25519)
	created := p.sealed.Header().Created
	for name, tc := range map[string]struct {
		now time.Time
		ok  bool
	}{
		"at once": {created, true}, "just in time": {created.Add(time.Hour), true}, "too late": {created.Add(time.Hour + 1), false},
		"clock a little behind": {created.Add(-time.Minute), true}, "from the future": {created.Add(-2 * time.Hour), false},
	} {
		_, err := p.open(p.sealed.Bytes(), 0, &crypto.OpenOptions{MaxAge: time.Hour, Now: func() time.Time { return tc.now }})
		require.Equal(t, tc.ok, err == nil, name)
	}
	p.params.Created = time.Time{}
	undated, err := crypto.SealPackage(t.Context(), p.params, nil)
	require.NoError(t, err)
	require.True(t, undated.Header().Created.IsZero())
	_, err = p.open(undated.Bytes(), 0, nil)
	require.NoError(t, err)
	_, err = p.open(undated.Bytes(), 0, &crypto.OpenOptions{MaxAge: time.Hour})
	require.Equal(t, crypto.ErrOpen, err)
}

// faultySigner answers with somebody else's signature, or an error.
type faultySigner struct {
	crypto.Signer
	other crypto.Signer
	err   error
}

func (f faultySigner) Sign(ctx context.Context, m []byte) ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.other.Sign(ctx, m)
}

func TestSealPackageRefuses(t *testing.T) {
	t.Parallel()
	good := newParcel(t, nil, crypto.X25519).params
	var many []crypto.RecipientKey
	for range crypto.MaxRecipients + 1 {
		many = append(many, newRecipient(t, crypto.X25519).Public())
	}
	long := strings.Repeat("x", crypto.MaxName+1)
	for name, change := range map[string]func(*crypto.PackageParams){
		"no release id":        func(p *crypto.PackageParams) { p.ReleaseID = "" },
		"long release id":      func(p *crypto.PackageParams) { p.ReleaseID = long },
		"long grant id":        func(p *crypto.PackageParams) { p.GrantID = long },
		"long purpose":         func(p *crypto.PackageParams) { p.Purpose = long },
		"no recipient":         func(p *crypto.PackageParams) { p.Recipients = nil },
		"too many recipients":  func(p *crypto.PackageParams) { p.Recipients = many },
		"a recipient twice":    func(p *crypto.PackageParams) { p.Recipients = []crypto.RecipientKey{many[0], many[0]} },
		"an empty recipient":   func(p *crypto.PackageParams) { p.Recipients = []crypto.RecipientKey{{}} },
		"no sender":            func(p *crypto.PackageParams) { p.Sender = nil },
		"a sender without key": func(p *crypto.PackageParams) { p.Sender = &crypto.LocalSigner{} },
		"before 1970":          func(p *crypto.PackageParams) { p.Created = time.Unix(-1, 0) },
		"after 9999":           func(p *crypto.PackageParams) { p.Created = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"a faulty signer":      func(p *crypto.PackageParams) { p.Sender = faultySigner{Signer: p.Sender, other: newSigner(t)} },
	} {
		p := good
		change(&p)
		pkg, err := crypto.SealPackage(t.Context(), p, []byte("x"))
		require.ErrorIs(t, err, crypto.ErrInvalid, name)
		require.True(t, pkg.IsZero(), name)
	}
	p := good
	down := errors.New("hsm is down")
	p.Sender = faultySigner{Signer: good.Sender, err: down}
	_, err := crypto.SealPackage(t.Context(), p, nil)
	require.ErrorIs(t, err, down)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = crypto.SealPackage(ctx, good, nil)
	require.ErrorIs(t, err, context.Canceled)
	p.Sender = faultySigner{Signer: good.Sender, other: good.Sender}
	p.Recipients = many[:crypto.MaxRecipients]
	_, err = crypto.SealPackage(t.Context(), p, nil)
	require.NoError(t, err, "a foreign signer that works, and the most recipients")
}

func TestRecipientKeys(t *testing.T) {
	t.Parallel()
	for _, kem := range []crypto.KEM{crypto.MLKEM768X25519, crypto.X25519} {
		private := newRecipient(t, kem)
		k := private.Public()
		require.Equal(t, kem, k.KEM())
		require.Len(t, k.ID(), 32)
		require.True(t, strings.HasPrefix(k.Fingerprint().String(), k.ID()))
		bin, err := k.MarshalBinary()
		require.NoError(t, err)
		text, err := k.MarshalText()
		require.NoError(t, err)
		for _, form := range [][]byte{bin, text} {
			back, err := crypto.ParseRecipientKey(form)
			require.NoError(t, err)
			require.True(t, back.Equal(k))
			for i := range form {
				_, err := crypto.ParseRecipientKey(form[:i])
				require.ErrorIs(t, err, crypto.ErrInvalid)
				if i%7 == 0 || len(form) < 100 {
					bad := bytes.Clone(form)
					bad[i] ^= 4
					_, err = crypto.ParseRecipientKey(bad)
					require.ErrorIs(t, err, crypto.ErrInvalid, "byte %d", i)
				}
			}
		}
		secret, err := private.Export()
		require.NoError(t, err)
		again, err := crypto.ParseRecipientPrivateKey(secret)
		require.NoError(t, err)
		require.True(t, again.Public().Equal(k))
	}
	k := newRecipient(t, crypto.X25519).Public()
	b, err := json.Marshal(map[string]crypto.RecipientKey{"key": k, "none": {}})
	require.NoError(t, err)
	stored := map[string]crypto.RecipientKey{}
	require.NoError(t, json.Unmarshal(b, &stored))
	require.True(t, stored["key"].Equal(k), "as a host stores it")
	require.True(t, stored["none"].IsZero())
	require.NoError(t, k.UnmarshalText(nil))
	require.True(t, k.IsZero(), "no text is no key, whatever was there")
	require.Empty(t, k.String())
	_, err = k.MarshalBinary()
	require.ErrorIs(t, err, crypto.ErrInvalid)
	require.Error(t, k.UnmarshalBinary([]byte("BDR\x01\x00\x20 too short")))
	_, err = crypto.GenerateRecipientKey(0x11)
	require.ErrorIs(t, err, crypto.ErrInvalid)
	p256, err := hpke.MLKEM768P256().GenerateKey()
	require.NoError(t, err)
	_, err = crypto.NewRecipientPrivateKey(p256)
	require.ErrorIs(t, err, crypto.ErrInvalid, "a key type that packages do not use")
	_, err = crypto.NewRecipientPrivateKey(nil)
	require.ErrorIs(t, err, crypto.ErrInvalid)
	_, err = crypto.RecipientPrivateKey{}.Export()
	require.ErrorIs(t, err, crypto.ErrInvalid)
	for _, bad := range []string{"BDQ\x01", "BDQ\x01\x00\x20short", "BDQ\x01\x00\x11" + strings.Repeat("x", 32), strings.Repeat("x", 38)} {
		_, err = crypto.ParseRecipientPrivateKey(crypto.NewSecretString(bad))
		require.ErrorIs(t, err, crypto.ErrInvalid)
	}
	require.Equal(t, "MLKEM768-X25519 X25519 unknown", crypto.MLKEM768X25519.String()+" "+crypto.X25519.String()+" "+crypto.KEM(1).String())
}

func TestSenderKeys(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	text := s.Public().String()
	k, err := crypto.ParseSenderKey(text)
	require.NoError(t, err)
	require.Equal(t, s.Public(), k)
	for i := range text {
		_, err := crypto.ParseSenderKey(text[:i])
		require.ErrorIs(t, err, crypto.ErrInvalid)
		_, err = crypto.ParseSenderKey(text[:i] + string(text[i]^2) + text[i+1:])
		require.ErrorIs(t, err, crypto.ErrInvalid, "character %d", i)
	}
	var back crypto.SenderKey
	b, err := k.MarshalText()
	require.NoError(t, err)
	require.NoError(t, back.UnmarshalText(b))
	require.Equal(t, k, back)
	require.Error(t, back.UnmarshalText([]byte("x")))
	require.NoError(t, back.UnmarshalText(nil))
	require.True(t, back.IsZero())
	require.Empty(t, back.String())

	sig, err := s.Sign(t.Context(), []byte("message"))
	require.NoError(t, err)
	require.True(t, k.Verify([]byte("message"), sig))
	require.False(t, k.Verify([]byte("massage"), sig))
	require.False(t, k.Verify([]byte("message"), sig[:63]))
	require.False(t, crypto.SenderKey{}.Verify([]byte("message"), sig))
	// Thirty-two zero bytes are a point of small order, for which anybody can sign: a quarter of all messages pass with this.
	forged := append([]byte{1}, make([]byte, ed25519.SignatureSize-1)...)
	for i := range byte(64) {
		require.False(t, crypto.SenderKey{}.Verify([]byte{i}, forged), "no key verifies nothing")
	}
	_, err = crypto.ParseSenderKey(strings.TrimPrefix(text, "brondata-sender-1:"))
	require.ErrorIs(t, err, crypto.ErrInvalid)
	_, err = crypto.NewLocalSigner(crypto.NewSecret(make([]byte, ed25519.PrivateKeySize)))
	require.ErrorIs(t, err, crypto.ErrInvalid)
	_, err = crypto.NewLocalSigner(crypto.Secret{})
	require.ErrorIs(t, err, crypto.ErrNoSecret)
}

// Who detects replays is told of the release that was opened, whatever the package was parsed from.
func TestPackageReplayOfReusedBuffer(t *testing.T) {
	t.Parallel()
	signer, key := newSigner(t), newRecipient(t, crypto.X25519)
	seal := func(release string) []byte {
		p, err := crypto.SealPackage(t.Context(), crypto.PackageParams{ReleaseID: release, Recipients: []crypto.RecipientKey{key.Public()}, Sender: signer}, []byte("data"))
		require.NoError(t, err)
		return p.Bytes()
	}
	buf := bytes.Clone(seal("release-1"))
	parsed, err := crypto.ParsePackage(buf)
	require.NoError(t, err)
	copy(buf, seal("release-2"))
	var told string
	_, err = crypto.OpenPackage(t.Context(), parsed, key, []crypto.SenderKey{signer.Public()}, &crypto.OpenOptions{
		Seen: func(_ context.Context, h crypto.Header) (bool, error) { told = h.ReleaseID; return true, nil },
	})
	require.NoError(t, err)
	require.Equal(t, "release-2", told)
}

// TestPackageHeaderTooShort: a header that says that it ends earlier than it does is none, wherever that is.
func TestPackageHeaderTooShort(t *testing.T) {
	t.Parallel()
	good := newParcel(t, []byte("content"), crypto.X25519).sealed.Bytes()
	const at = 4 // after the magic
	n := binary.BigEndian.Uint32(good[at:])
	for short := range n {
		bad := bytes.Clone(good)
		binary.BigEndian.PutUint32(bad[at:], short)
		_, err := crypto.ParsePackage(bad)
		require.ErrorIs(t, err, crypto.ErrOpen, "%d of %d bytes", short, n)
	}
}
