package crypto

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// Context says what something sealed is and for whom, so that it opens in no other place. It is a struct and not a map: both
// sides name the same things, and a field forgotten on one side does not open on the other.
//
// A Context is not secret, but bound: every field changed alone makes opening fail. It is handed to the key service too,
// which may write it to its own log in the clear. So fields hold opaque identifiers, never a name, a BSN or an IBAN. An empty
// string is a value like any other: a level that does not know a field yet (a key that serves all items) leaves it empty.
type Context struct {
	Tenant      string // the host's own customer
	Subject     string // the consumer, as an opaque identifier
	Grant       string // the consent under which the data was retrieved
	Purpose     string // what the consent is for
	Category    string // information basket
	Compartment string // identity, financial, credentials
	Item        string // one stored thing, with its chunk number
	Schema      uint32 // version of the content's encoding
}

// contextFields is the number of fields that Encode writes.
const contextFields = 8

// fields lists the text fields in the fixed order of the encoding, which is part of the format.
func (c *Context) fields() [contextFields - 1]string {
	return [...]string{c.Tenant, c.Subject, c.Grant, c.Purpose, c.Category, c.Compartment, c.Item}
}

// fieldNames are the names under which a Context is given to a key service, in the order of fields.
var fieldNames = [contextFields - 1]string{"tenant", "subject", "grant", "purpose", "category", "compartment", "item"}

// AppendBinary appends the canonical encoding, which is what seals bind: one byte with the number of fields (8); then tenant,
// subject, grant, purpose, category, compartment and item, each as its length in four bytes, big endian, and its bytes;
// then schema as four bytes, big endian. Different contexts have different encodings. It never fails.
func (c Context) AppendBinary(b []byte) ([]byte, error) {
	return c.append(b), nil
}

func (c *Context) append(b []byte) []byte {
	b = append(b, contextFields)
	for _, f := range c.fields() {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return binary.BigEndian.AppendUint32(b, c.Schema)
}

// Pairs returns the context as a key service wants it (AWS: encryption context; others: additional authenticated data, as
// sorted pairs). Empty fields and schema 0 are left out, since services refuse empty values; that is unambiguous because
// names are fixed and this package binds the whole context by itself as well.
func (c Context) Pairs() map[string]string {
	m := make(map[string]string, contextFields)
	for i, f := range c.fields() {
		if f != "" {
			m[fieldNames[i]] = f
		}
	}
	if c.Schema != 0 {
		m["schema"] = strconv.FormatUint(uint64(c.Schema), 10)
	}
	return m
}

// bind hashes a format's fixed prefix and the context: the value that enters key derivation.
func (c *Context) bind(prefix []byte) [sha256.Size]byte {
	var buf [512]byte // most contexts fit; append grows it when one does not
	b := append(buf[:0], prefix...)
	return sha256.Sum256(c.append(b))
}
