package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/brondata/brondata/retention"
)

// Entry is one entry of the log, as an auditor or its subject reads it.
type Entry struct {
	Index int64     `json:"index"` // from 0
	At    time.Time `json:"at"`
	// Subject is the pseudonym, in hexadecimal; all zeros for an entry about nobody.
	Subject string `json:"subject"`
	// Access is what was logged; the zero value when it was erased.
	Access retention.Access `json:"access,omitzero"`
	Erased bool             `json:"erased,omitempty"`
}

// Row is an entry as a [Store] keeps it.
type Row struct {
	// Leaf is what the tree is made of, never changed:
	//
	//	version    1  1
	//	at         8  Unix microseconds, big endian
	//	subject   16  pseudonym
	//	digest    32  SHA-256("brondata/v1/audit-detail" 0x00 || detail)
	Leaf []byte
	// Subject is the leaf's pseudonym, which rows are found by.
	Subject [16]byte
	// Detail is a salt of 16 bytes and the access as JSON; nil when it was erased.
	Detail []byte
}

const (
	leafVersion = 1
	leafSize    = 1 + 8 + 16 + sha256.Size
	saltSize    = 16
	detailLabel = "brondata/v1/audit-detail\x00"
)

// newDetail makes the part of an entry that can be erased.
func newDetail(a retention.Access) ([]byte, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("audit: entry: %w", ErrInvalid)
	}
	detail := make([]byte, saltSize, saltSize+len(b))
	if _, err := rand.Read(detail); err != nil {
		return nil, fmt.Errorf("audit: random source: %w", err)
	}
	return append(detail, b...), nil
}

func detailDigest(detail []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte(detailLabel))
	h.Write(detail)
	return [sha256.Size]byte(h.Sum(nil))
}

func newLeaf(at time.Time, subject [16]byte, digest [sha256.Size]byte) []byte {
	b := make([]byte, 0, leafSize)
	b = append(b, leafVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMicro()))
	b = append(b, subject[:]...)
	return append(b, digest[:]...)
}

// intact reports whether a row is one that this package wrote: leaf, pseudonym and detail belong together.
func (r Row) intact() bool {
	if len(r.Leaf) != leafSize || r.Leaf[0] != leafVersion || string(r.Leaf[9:25]) != string(r.Subject[:]) {
		return false
	}
	if r.Detail == nil {
		return true
	}
	d := detailDigest(r.Detail)
	return len(r.Detail) > saltSize && subtle.ConstantTimeCompare(d[:], r.Leaf[25:]) == 1
}

// entry reads a row. The row must be intact.
func (r Row) entry(index int64) (Entry, error) {
	if !r.intact() {
		return Entry{}, &Damage{Index: index, Kind: Edited}
	}
	e := Entry{Index: index, At: r.at(), Subject: hex.EncodeToString(r.Subject[:]), Erased: r.Detail == nil}
	if e.Erased {
		return e, nil
	}
	if err := json.Unmarshal(r.Detail[saltSize:], &e.Access); err != nil {
		return Entry{}, &Damage{Index: index, Kind: Edited}
	}
	return e, nil
}

func (r Row) at() time.Time { return time.UnixMicro(int64(binary.BigEndian.Uint64(r.Leaf[1:9]))).UTC() }

// pseudonym names a subject in the tree. Without the secret it tells nothing, not even to who has a list of all subjects.
func pseudonym(secret []byte, subject string) (p [16]byte) {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("brondata/v1/audit-subject\x00" + subject))
	copy(p[:], mac.Sum(nil))
	return p
}

// secretID is where a store keeps a subject's secret.
func secretID(subject string) [32]byte {
	return sha256.Sum256([]byte("brondata/v1/audit-secret\x00" + subject))
}
