package crypto

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Pseudonym returns a stable name for a subject that means something for one purpose and one recipient only: 64 hexadecimal
// digits of HMAC-SHA-256. k is a data key made for that purpose and recipient, and kept wrapped like any other. Purpose
// and recipient go into the derivation as well, so that even one key used for two of them gives names that cannot be
// joined. When the key is destroyed, nobody can make the names again or tell whose they are, not even from a list of all subjects.
//
//	key       = HKDF-SHA-256(secret: data key, no salt, info: "brondata/v1/pseudonym" 0x00 || the length of purpose in four
//	            bytes, big endian || purpose || recipient, 32 bytes)
//	pseudonym = HMAC-SHA-256(key, subject)
//
// ErrInvalid: an empty purpose, recipient or subject. ErrNoSecret: the key is absent or wiped.
func (k DataKey) Pseudonym(purpose, recipient, subject string) (string, error) {
	if purpose == "" || recipient == "" || subject == "" {
		return "", fmt.Errorf("%w: pseudonym needs purpose, recipient and subject", ErrInvalid)
	}
	var name string
	err := k.key.Use(func(b []byte) error {
		info := binary.BigEndian.AppendUint32([]byte("brondata/v1/pseudonym\x00"), uint32(len(purpose)))
		key, err := hkdf.Key(sha256.New, b, nil, string(info)+purpose+recipient, KeySize)
		if err != nil {
			return fmt.Errorf("crypto: derive key: %w", err)
		}
		defer wipe(key)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(subject))
		name = hex.EncodeToString(mac.Sum(nil))
		return nil
	})
	return name, err
}
