package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
)

// handler is the standard security handler (7.6.3) with the entries of its dictionary.
type handler struct {
	v, r         int
	bytes        int // length of the file's key
	o, u, oe, ue []byte
	perms        uint32
	id           []byte
	metadata     bool
	str, stm     cryptMethod
	filters      map[string]cryptMethod
}

// padding completes short passwords in revisions 2 to 4 (algorithm 2, step a).
const padding = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"

// securityHandler reads the dictionary of tables 20 and 21.
func (d *Doc) securityHandler(dict Dict) (*handler, error) {
	num := func(dict Dict, key string, def int64) int64 {
		if v, ok := d.resolve(dict.Raw(key)).Int(); ok {
			return v
		}
		return def
	}
	if f, ok := d.resolve(dict.Raw("Filter")).Name(); ok && f != "Standard" {
		return nil, fmt.Errorf("%w: security handler", ErrUnsupported)
	}
	// EncryptMetadata is true unless the file says otherwise (table 21); it is part of the key from revision 4 on.
	h := &handler{v: int(num(dict, "V", 0)), r: int(num(dict, "R", 0)), metadata: true}
	h.perms = uint32(num(dict, "P", 0))
	if v, ok := d.resolve(dict.Raw("EncryptMetadata")).Bool(); ok {
		h.metadata = v
	}
	str := func(key string) []byte { return []byte(d.resolve(dict.Raw(key)).s) }
	h.o, h.u, h.oe, h.ue = str("O"), str("U"), str("OE"), str("UE")
	// Only the first half of the identifier is used: it survives updates, the second half does not. A missing one counts as
	// empty, which is what writers that leave it out have used.
	if id := d.resolve(d.trailer.Raw("ID")).Array(); len(id) > 0 {
		h.id = []byte(d.resolve(id[0]).s)
	}
	length := num(dict, "Length", 0)
	switch h.v {
	case 1:
		h.bytes, h.str, h.stm = 5, cryptRC4, cryptRC4
	case 2, 3:
		h.str, h.stm = cryptRC4, cryptRC4
		h.bytes = keyBytes(length, 5)
	case 4, 5:
		if err := d.cryptFilters(h, dict, length); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%w: encryption version", ErrUnsupported)
	}
	switch {
	case h.v == 5 && (h.r == 5 || h.r == 6):
		if len(h.o) < 48 || len(h.u) < 48 || len(h.oe) < 32 || len(h.ue) < 32 {
			return nil, fmt.Errorf("%w: encryption dictionary", ErrMalformed)
		}
		// Some writers pad the strings with zeros to 127 bytes; what counts is 32 bytes of hash and twice 8 bytes of salt.
		h.o, h.u, h.oe, h.ue = h.o[:48], h.u[:48], h.oe[:32], h.ue[:32]
	case h.v < 5 && h.r >= 2 && h.r <= 4:
		// Revision 2 knows 40-bit keys only, whatever /Length says.
		if h.r == 2 && h.v < 2 {
			h.bytes = 5
		}
		if len(h.o) < 32 || len(h.u) < 16 {
			return nil, fmt.Errorf("%w: encryption dictionary", ErrMalformed)
		}
		h.o = h.o[:32]
	default:
		return nil, fmt.Errorf("%w: encryption revision", ErrUnsupported)
	}
	return h, nil
}

// keyBytes turns /Length into bytes. It is in bits, but files have bytes, too; def is for a missing one.
func keyBytes(length int64, def int) int {
	if length <= 0 {
		return def
	}
	if length >= 40 {
		length /= 8
	}
	return int(max(5, min(length, 16)))
}

// cryptFilters reads the crypt filters of versions 4 and 5 (7.6.5) and the key length that goes with them: RC4 has any, AES
// only its own.
func (d *Doc) cryptFilters(h *handler, dict Dict, length int64) error {
	h.filters = map[string]cryptMethod{}
	cf := d.resolve(dict.Raw("CF")).Dict()
	for i := range min(cf.Len(), maxCryptFilters) {
		name, o := cf.At(i)
		f := d.resolve(o).Dict()
		m, err := d.cryptFilter(f)
		if err != nil {
			return err
		}
		h.filters[name] = m
		switch n, _ := d.resolve(f.Raw("Length")).Int(); {
		case m == cryptAESV2:
			h.bytes = 16
		case m == cryptRC4 && h.bytes == 0:
			h.bytes = keyBytes(length, keyBytes(n, 16))
		}
	}
	if h.bytes == 0 {
		h.bytes = 16
	}
	h.filters["Identity"] = cryptNone
	method := func(key string) cryptMethod {
		name, _ := d.resolve(dict.Raw(key)).Name()
		return h.filters[name] // the default is Identity
	}
	h.stm, h.str = method("StmF"), method("StrF")
	return nil
}

// maxCryptFilters bounds the dictionary CF; a file has one or two.
const maxCryptFilters = 64

func (d *Doc) cryptFilter(dict Dict) (cryptMethod, error) {
	name, _ := d.resolve(dict.Raw("CFM")).Name()
	switch name {
	case "", "None":
		return cryptNone, nil
	case "V2":
		return cryptRC4, nil
	case "AESV2":
		return cryptAESV2, nil
	case "AESV3":
		return cryptAESV3, nil
	}
	return cryptNone, fmt.Errorf("%w: crypt filter", ErrUnsupported)
}

// open returns the file's key for a password of the user or the owner, nil when it is neither's.
func (h *handler) open(password []byte) []byte {
	if h.v == 5 {
		return h.open256(password)
	}
	// The user's password is tried first: for the empty password that is nearly always the right guess.
	if key := h.userKey(password); key != nil {
		return key
	}
	return h.userKey(h.userPassword(password))
}

func padded(password []byte) []byte {
	return append(append(make([]byte, 0, 64), password[:min(len(password), 32)]...), padding...)[:32]
}

func rc4Apply(key, data []byte) {
	if c, err := rc4.NewCipher(key); err == nil {
		c.XORKeyStream(data, data)
	}
}

// userKey is algorithm 2 followed by the check of algorithms 4 to 6.
func (h *handler) userKey(password []byte) []byte {
	// Algorithm 2, steps a to g: password, owner entry, permissions (low byte first), identifier, and from revision 4 on a mark
	// that metadata is left in the clear.
	m := md5.New()
	m.Write(padded(password))
	m.Write(h.o)
	m.Write([]byte{byte(h.perms), byte(h.perms >> 8), byte(h.perms >> 16), byte(h.perms >> 24)})
	m.Write(h.id)
	if h.r >= 4 && !h.metadata {
		m.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := m.Sum(nil)
	if h.r >= 3 {
		// Step h: fifty rounds over the first n bytes only, so that short keys stay short.
		for range 50 {
			s := md5.Sum(key[:h.bytes])
			key = s[:]
		}
	}
	key = key[:h.bytes]
	// Algorithm 4: for revision 2 the user entry is the padding, encrypted.
	if h.r == 2 {
		want := []byte(padding)
		rc4Apply(key, want)
		if len(h.u) >= 32 && subtle.ConstantTimeCompare(want, h.u[:32]) == 1 {
			return key
		}
		return nil
	}
	// Algorithm 5: a hash of padding and identifier, encrypted twenty times with variants of the key; its last 16 bytes are
	// arbitrary and not compared.
	m = md5.New()
	m.Write([]byte(padding))
	m.Write(h.id)
	want := m.Sum(nil)
	for i := range 20 {
		rc4Apply(xored(key, byte(i)), want)
	}
	if subtle.ConstantTimeCompare(want, h.u[:16]) == 1 {
		return key
	}
	return nil
}

// userPassword is algorithm 7: the user password that O holds under the owner's.
func (h *handler) userPassword(owner []byte) []byte {
	s := md5.Sum(padded(owner))
	if h.r >= 3 {
		for range 50 {
			s = md5.Sum(s[:h.bytes])
		}
	}
	key, pw := s[:h.bytes], bytes.Clone(h.o)
	if h.r == 2 {
		rc4Apply(key, pw)
		return pw
	}
	// The owner's entry was encrypted with keys 0 to 19, so it is undone from 19 down.
	for i := 19; i >= 0; i-- {
		rc4Apply(xored(key, byte(i)), pw)
	}
	return pw
}

func xored(key []byte, v byte) []byte {
	out := make([]byte, len(key))
	for i, b := range key {
		out[i] = b ^ v
	}
	return out
}

// open256 is algorithm 2.A of ISO 32000-2: revision 6, and its predecessor 5 with a plain hash.
func (h *handler) open256(password []byte) []byte {
	pw := password[:min(len(password), 127)]
	// The file's key is wrapped without padding under a key from the password and the second salt; the first salt only checks.
	unwrap := func(key, wrapped []byte) []byte {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil
		}
		out := make([]byte, 32)
		cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(out, wrapped)
		return out
	}
	// The owner's hashes cover the user entry as well, which binds the two together.
	if subtle.ConstantTimeCompare(h.hash(pw, h.o[32:40], h.u), h.o[:32]) == 1 {
		return unwrap(h.hash(pw, h.o[40:48], h.u), h.oe)
	}
	if subtle.ConstantTimeCompare(h.hash(pw, h.u[32:40], nil), h.u[:32]) == 1 {
		return unwrap(h.hash(pw, h.u[40:48], nil), h.ue)
	}
	return nil
}

// hash is algorithm 2.B. It ends: from round 64 on a round ends it with a growing probability that is 1 at round 287.
func (h *handler) hash(pw, salt, u []byte) []byte {
	first := sha256.New()
	first.Write(pw)
	first.Write(salt)
	first.Write(u)
	k := first.Sum(nil)
	if h.r == 5 {
		return k
	}
	buf := make([]byte, 0, 64*(127+64+48))
	for round := 0; ; round++ {
		// Steps a and b: 64 copies of password, hash and user entry, encrypted with the hash as key and vector.
		buf = append(append(append(buf[:0], pw...), k...), u...)
		n := len(buf)
		for range 63 {
			buf = append(buf, buf[:n]...)
		}
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(buf, buf)
		// Step c: the first 16 bytes modulo 3 choose the next hash. As 256 is 1 modulo 3, their sum will do.
		sum := 0
		for _, b := range buf[:16] {
			sum += int(b)
		}
		switch sum % 3 {
		case 0:
			s := sha256.Sum256(buf)
			k = s[:]
		case 1:
			s := sha512.Sum384(buf)
			k = s[:]
		default:
			s := sha512.Sum512(buf)
			k = s[:]
		}
		if round >= 63 && int(buf[len(buf)-1]) <= round-31 {
			return k[:32]
		}
	}
}
