package pdf_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/internal/pdf"
)

// mixed has one of everything: object streams, a classic section, an update, filters, predictors.
func mixed() []byte {
	b := newBuilder()
	b.objectStream(5, 1, "<</Type/Catalog /Pages 2 0 R>>", 2, "<</Type/Pages /Kids[3 0 R 8 0 R] /Count 2>>", 8, "<</Type/Page /Contents[4 0 R 9 0 R]>>")
	b.obj(3, "<</Type/Page /Parent 2 0 R /Contents 4 0 R /Rotate 90>>")
	b.stream(4, "/Filter/FlateDecode", deflate([]byte("BT (compressed) Tj ET")))
	b.stream(9, "/Filter[/ASCII85Decode/LZWDecode]", []byte("J..)6T`?p&<!J9%_[umg\"B7/Z7KNXbN'S+,*Q/&\"OLT'F~>"))
	at := b.xrefStream(6, "/Root 1 0 R")
	update(b, 3, "<</Type/Page /Parent 2 0 R /Contents 4 0 R>>", at)
	return b.Bytes()
}

// Whatever is cut off or changed, reading ends with a result or one of the package's errors, and a limit on pages holds.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	sources := [][]byte{mixed(), classic("BT (text) Tj ET"), flatPages(20)}
	encrypted, err := os.ReadFile("testdata/encrypted/aes-128-objstm.pdf")
	require.NoError(t, err)
	sources = append(sources, encrypted)
	rapid.Check(t, func(t *rapid.T) {
		data := bytes.Clone(rapid.SampledFrom(sources).Draw(t, "source"))
		for range rapid.IntRange(0, 8).Draw(t, "changes") {
			at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				data[at] = rapid.Byte().Draw(t, "byte")
			case 1:
				data = append(data[:at], data[min(len(data), at+rapid.IntRange(1, 40).Draw(t, "cut")):]...)
			default:
				piece := rapid.SampledFrom([]string{"<<", "[", "(", "stream\n", "endobj", "1 0 obj", "/Length 5 0 R", "99999999999", "0 R"}).Draw(t, "piece")
				data = append(data[:at], append([]byte(piece), data[at:]...)...)
			}
			if len(data) == 0 {
				return
			}
		}
		_, err := exhaust(data, nil)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "pdf: "))
		}
	})
}

func TestTruncatedEverywhere(t *testing.T) {
	t.Parallel()
	data := mixed()
	want := contents(t, open(t, data))
	require.Len(t, want, 2)
	for n := range data {
		d, err := pdf.OpenBytes(context.Background(), data[:n], nil)
		if err != nil {
			continue
		}
		// What is left may be less, and then it says so; it is never something else.
		got := contents(t, d)
		whole := fmt.Sprint(got) == fmt.Sprint(want)
		assert.True(t, whole || d.Damaged(), "%d bytes", n)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{mixed(), flatPages(200)} {
		want := contents(t, open(t, data))
		// A cache of nothing makes every goroutine parse and decode all the time.
		d, err := pdf.OpenBytes(context.Background(), data, &pdf.Options{Limits: pdf.Limits{Cache: 1}})
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				i := 0
				for p, err := range d.Pages(context.Background()) {
					if !assert.NoError(t, err) {
						return
					}
					c, err := d.Content(context.Background(), p)
					assert.NoError(t, err)
					assert.Equal(t, want[i], strings.TrimSpace(string(c)))
					i++
				}
				assert.Equal(t, len(want), i)
			})
		}
		wg.Wait()
	}
}

// An error or a damaged result must not repeat what the document says: it may hold names and amounts.
func TestErrorsHoldNoContent(t *testing.T) {
	t.Parallel()
	const secret = "Jansen999991772"
	for _, body := range []string{
		"%PDF-1.7\n1 0 obj\n<</Type/Catalog /Pages (" + secret + ")>>\nendobj",
		"%PDF-1.7\ntrailer<</Root (" + secret + ") /Encrypt<</Filter/" + secret + ">>>>",
		secret,
	} {
		_, err := pdf.OpenBytes(context.Background(), []byte(body), nil)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), secret)
	}
	b := newBuilder()
	onePage(b, "")
	b.stream(5, "/Filter/"+secret, []byte("x"))
	b.table("/Root 1 0 R")
	d := open(t, b.Bytes())
	_, err := d.Stream(context.Background(), d.Object(pdf.Ref{Num: 5}))
	require.ErrorIs(t, err, pdf.ErrUnsupported)
	assert.NotContains(t, err.Error(), secret)
}
