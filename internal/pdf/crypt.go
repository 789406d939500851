package pdf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"fmt"
)

// cryptMethod is how a crypt filter transforms data (7.6.5).
type cryptMethod uint8

const (
	cryptNone cryptMethod = iota
	cryptRC4
	cryptAESV2
	cryptAESV3
)

// cryptor decrypts strings and streams with the file's key. It is immutable and safe for concurrent use.
type cryptor struct {
	key      []byte // nil when only streams with a crypt filter of their own are encrypted
	str, stm cryptMethod
	filters  map[string]cryptMethod
	metadata bool // whether metadata streams are encrypted
}

// strings returns the decryption of the strings of object r, nil when they are not encrypted.
func (c *cryptor) strings(r Ref) func([]byte) []byte {
	if c == nil || c.str == cryptNone {
		return nil
	}
	var key []byte // most objects have no strings, so it is made when needed
	return func(b []byte) []byte {
		if key == nil {
			key = c.objectKey(r, c.str)
		}
		out, _ := decryptWith(key, c.str, b)
		return out
	}
}

// stream returns the decryption of the stream of object r, nil when it is not encrypted. filter is the name of the crypt
// filter that the stream chose itself, if it did. The error is ErrEncrypted: the document opened without a key, but this
// stream needs it. What is returned tells whether the data is whole, as far as that can be told.
func (c *cryptor) stream(r Ref, filter string, isMetadata bool) (func([]byte) ([]byte, bool), error) {
	m := c.stm
	if filter != "" {
		m = c.filters[filter]
	} else if isMetadata && !c.metadata {
		m = cryptNone
	}
	if m == cryptNone {
		return nil, nil
	}
	if c.key == nil {
		return nil, ErrEncrypted
	}
	return func(b []byte) ([]byte, bool) { return decryptWith(c.objectKey(r, m), m, b) }, nil
}

// objectKey is algorithm 1 of ISO 32000-1 §7.6.2; AES-256 uses the file's key itself (algorithm 1.A).
func (c *cryptor) objectKey(r Ref, m cryptMethod) []byte {
	if m == cryptAESV3 {
		return c.key
	}
	h := md5.New()
	h.Write(c.key)
	h.Write([]byte{byte(r.Num), byte(r.Num >> 8), byte(r.Num >> 16), byte(r.Gen), byte(r.Gen >> 8)})
	if m == cryptAESV2 {
		// Not a random salt: the standard names these four bytes.
		h.Write([]byte("sAlT"))
	}
	return h.Sum(nil)[:min(len(c.key)+5, md5.Size)]
}

// decryptWith returns the decrypted copy of b. AES data starts with its initialisation vector and ends with padding; a part of
// a block at the end is dropped, padding that makes no sense is kept, and whole is false then: the end is missing.
func decryptWith(key []byte, m cryptMethod, b []byte) (out []byte, whole bool) {
	if m == cryptRC4 {
		out = make([]byte, len(b))
		if k, err := rc4.NewCipher(key); err == nil {
			k.XORKeyStream(out, b)
		}
		return out, true
	}
	// Less than a vector and a block holds no data. An empty string has a block of padding, but writers also leave it out, or all.
	block, err := aes.NewCipher(key)
	if err != nil || len(b) < 2*aes.BlockSize {
		return nil, len(b) == 0 || len(b) == aes.BlockSize
	}
	out = make([]byte, len(b)/aes.BlockSize*aes.BlockSize-aes.BlockSize)
	cipher.NewCBCDecrypter(block, b[:aes.BlockSize]).CryptBlocks(out, b[aes.BlockSize:aes.BlockSize+len(out)])
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= aes.BlockSize {
		return out[:len(out)-pad], len(b)%aes.BlockSize == 0
	}
	return out, false
}

// setUpCrypt reads the encryption dictionary (7.6.1) and finds the file's key with the password or the empty one.
func (d *Doc) setUpCrypt(password []byte) error {
	ref := d.trailer.Raw("Encrypt")
	if ref.IsNull() {
		return nil
	}
	dict := d.resolve(ref).Dict()
	if dict.Len() == 0 {
		// The key to everything is missing: what is in the file would come out as noise.
		return fmt.Errorf("%w: encryption dictionary", ErrMalformed)
	}
	h, err := d.securityHandler(dict)
	if err != nil {
		return err
	}
	key := h.open(password)
	if key == nil && len(password) > 0 {
		key = h.open(nil)
	}
	if key == nil && (h.str != cryptNone || h.stm != cryptNone) {
		return ErrEncrypted
	}
	// Without a key only what names a crypt filter itself is closed: usually the attachments.
	d.crypt = &cryptor{key: key, str: h.str, stm: h.stm, filters: h.filters, metadata: h.metadata}
	d.cache.clear() // what was read before has its strings still encrypted
	d.streams.clear()
	return nil
}
