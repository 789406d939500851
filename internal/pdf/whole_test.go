package pdf_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/pdf"
)

// short has less than it says.
type short struct {
	data []byte
	err  error
}

func (s short) ReadAt(p []byte, _ int64) (int, error) { return copy(p, s.data), s.err }

// An update at the end that does not come would leave an older state of the document, which is whole in itself.
func TestOpenReadsAll(t *testing.T) {
	t.Parallel()
	data := classic("(text)")
	for _, err := range []error{nil, io.EOF} {
		_, got := pdf.Open(context.Background(), short{data, err}, int64(len(data))+1, nil)
		require.ErrorIs(t, got, io.ErrUnexpectedEOF)
	}
	_, err := pdf.Open(context.Background(), bytes.NewReader(data), int64(len(data)), nil)
	require.NoError(t, err)
}

// A tree that has fewer pages than it says, or leads to nothing, is a broken one.
func TestPagesThatAreNotThere(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		root   string
		damage pdf.Damage
	}{
		"all":                      {"<</Type/Pages /Kids[3 0 R 4 0 R] /Count 2>>", 0},
		"without a number":         {"<</Type/Pages /Kids[3 0 R 4 0 R]>>", 0},
		"more than it says":        {"<</Type/Pages /Kids[3 0 R 4 0 R] /Count 1>>", 0},
		"an empty branch":          {"<</Type/Pages /Kids[3 0 R 4 0 R 5 0 R] /Count 2>>", 0},
		"fewer than it says":       {"<</Type/Pages /Kids[3 0 R] /Count 2>>", pdf.DamagePages},
		"fewer, by a reference":    {"<</Type/Pages /Kids[3 0 R] /Count 6 0 R>>", pdf.DamagePages},
		"one is null":              {"<</Type/Pages /Kids[3 0 R null] /Count 1>>", pdf.DamagePages},
		"one is not there":         {"<</Type/Pages /Kids[3 0 R 99 0 R] /Count 1>>", pdf.DamagePages},
		"a branch leads nowhere":   {"<</Type/Pages /Kids[3 0 R 7 0 R] /Count 1>>", pdf.DamagePages},
		"content that is nowhere":  {"<</Type/Pages /Kids[3 0 R 8 0 R] /Count 2>>", pdf.DamageStream},
		"content that is no such":  {"<</Type/Pages /Kids[3 0 R 9 0 R] /Count 2>>", pdf.DamageStream},
		"a part of it is nowhere":  {"<</Type/Pages /Kids[3 0 R 10 0 R] /Count 2>>", pdf.DamageStream},
		"a page without a content": {"<</Type/Pages /Kids[3 0 R 11 0 R] /Count 2>>", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder()
			b.obj(1, "<</Type/Catalog /Pages 2 0 R>>")
			b.obj(2, tc.root)
			b.obj(3, "<</Type/Page /Contents 12 0 R>>")
			b.obj(4, "<</Type/Page /Contents[12 0 R]>>")
			b.obj(5, "<</Type/Pages /Count 0>>")
			b.obj(6, "2")
			b.obj(7, "<</Type/Pages /Kids 99 0 R /Count 1>>")
			b.obj(8, "<</Type/Page /Contents 99 0 R>>")
			b.obj(9, "<</Type/Page /Contents 6 0 R>>")
			b.obj(10, "<</Type/Page /Contents[12 0 R 99 0 R]>>")
			b.obj(11, "<</Type/Page>>")
			b.stream(12, "", []byte("text"))
			b.table("/Root 1 0 R")
			d := open(t, b.Bytes())
			contents(t, d)
			assert.Equal(t, tc.damage, d.Damage())
		})
	}
}

// Data that inflates but is not what was deflated may have any digit wrong.
func TestFlateChecksum(t *testing.T) {
	t.Parallel()
	whole := deflate([]byte(sample))
	_, damaged, err := decode(t, "/Filter/FlateDecode", whole)
	require.NoError(t, err)
	require.False(t, damaged)
	for at := range whole {
		for bit := range 8 {
			changed := bytes.Clone(whole)
			changed[at] ^= 1 << bit
			out, damaged, err := decode(t, "/Filter/FlateDecode", changed)
			if err == nil && !damaged {
				assert.Equal(t, sample, string(out), "bit %d of byte %d", bit, at)
			}
		}
	}
	_, damaged, err = decode(t, "/Filter/FlateDecode", append(bytes.Clone(whole), "\r\n"...))
	require.NoError(t, err)
	assert.False(t, damaged, "an end of line behind it")
	_, damaged, err = decode(t, "/Filter/FlateDecode", append(bytes.Clone(whole[:len(whole)-4]), "\r\n"...))
	require.NoError(t, err)
	assert.False(t, damaged, "no checksum")
}

// The end of an encrypted stream is in its last blocks: where they make no sense, what is missing is not known.
func TestEncryptedEnds(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/encrypted/*.pdf")
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if !bytes.Contains(data, []byte("/AESV")) || strings.Contains(file, "-user") {
			continue
		}
		for from := 0; ; {
			end := bytes.Index(data[from:], []byte("endstream"))
			if end < 0 {
				break
			}
			end += from
			from = end + len("endstream")
			for back := 1; back <= 34; back++ {
				changed := bytes.Clone(data)
				changed[end-back] ^= 0x40
				d, err := pdf.OpenBytes(context.Background(), changed, nil)
				if err != nil {
					continue
				}
				if got := contents(t, d); !d.Damaged() {
					assert.Equal(t, []string{encryptedText}, got, "%s: %d bytes before byte %d", file, back, end)
				}
			}
		}
	}
}

// An empty stream has a block of padding, which writers of ordinary documents leave out; other lengths have lost something.
func TestEncryptedNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aes-128", "aes-256-r6"} {
		data, err := os.ReadFile("testdata/encrypted/" + name + ".pdf")
		require.NoError(t, err)
		head := []byte("/Length 80 /Filter /FlateDecode >>\nstream\n")
		at := bytes.Index(data, head)
		require.Positive(t, at)
		for length, damage := range map[int]pdf.Damage{16: 0, 15: pdf.DamageStream, 17: pdf.DamageStream, 31: pdf.DamageStream} {
			changed := bytes.Clone(data)
			copy(changed[at:], fmt.Sprintf("/Length %d", length))
			copy(changed[at+len(head)+length:], "\nendstream")
			d, err := pdf.OpenBytes(context.Background(), changed, nil)
			require.NoError(t, err)
			assert.Equal(t, []string{""}, contents(t, d), "%s: %d bytes", name, length)
			assert.Equal(t, damage, d.Damage(), "%s: %d bytes", name, length)
		}
	}
}
