package xmlscan_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/xmlscan"
)

// FuzzScanner is differential: what the scanner accepts, encoding/xml accepts with the same events, however the input
// arrives; and a cut document is reported as cut.
func FuzzScanner(f *testing.F) {
	for _, doc := range wellFormed {
		f.Add([]byte(doc), uint(len(doc)/2))
	}
	f.Add([]byte("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), uint(1))
	f.Add([]byte("<a b='1' b='2'>]]></a>"), uint(5))
	f.Fuzz(func(t *testing.T, doc []byte, cut uint) {
		opts := &xmlscan.Options{Limits: xmlscan.Limits{Bytes: 1 << 20, Token: 1 << 12}}
		got, err := scan(bytes.NewReader(doc), opts)
		slow, slowErr := scan(iotest.OneByteReader(bytes.NewReader(doc)), opts)
		require.Equal(t, err == nil, slowErr == nil)
		require.Equal(t, got, slow)
		short, shortErr := list(bytes.NewReader(doc), opts, true)
		require.Equal(t, got, short, "with the shortcut for leaves")
		require.Equal(t, err, shortErr)
		if err != nil {
			// Of two faults, an encoding is found a block ahead of the scanner, and a limit as soon as the bytes are there.
			early := func(err error) bool { return errors.Is(err, xmlscan.ErrCharset) || errors.Is(err, xmlscan.ErrLimit) }
			if !early(err) && !early(slowErr) {
				require.Equal(t, err.Error(), slowErr.Error())
			}
			return
		}
		want, err := reference(doc)
		if err != nil && strings.Contains(err.Error(), "invalid XML name") && !isASCII(plain(doc)) {
			return // a name of the fifth edition
		}
		require.NoError(t, err)
		require.Equal(t, spaced(want), spaced(got))

		part, err := scan(bytes.NewReader(doc[:cut%uint(len(doc))]), opts)
		if err != nil {
			require.ErrorIs(t, err, xmlscan.ErrTruncated)
		} else {
			require.Equal(t, got, part)
		}
	})
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
