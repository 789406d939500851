package pdftext_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/cputest"
	"github.com/brondata/brondata/sources/pdftext"
)

// hostileEnv tells the test binary that it is the child that reads one hostile file and ends.
const hostileEnv = "BRONDATA_HOSTILE_CHILD"

// The bounds that every hostile file is held to.
const (
	hostileTime   = 2 * time.Second
	hostileMemory = 256 << 20
)

// hostileFiles are small files that cost a careless reader everything. None of them has a right reading: what counts is that
// reading ends.
func hostileFiles() map[string][]byte {
	text := "BT /F1 10 Tf 20 100 Td (x) Tj ET "
	fan := file{content: strings.Repeat("/X0 Do ", 10), resources: "/XObject<</X0 5 0 R>>"}
	for i := range 9 {
		fan.objects = append(fan.objects, stream(fmt.Sprintf("/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>", 6+i),
			strings.Repeat("/X Do ", 10)))
	}
	fan.objects = append(fan.objects, stream("/Subtype/Form/BBox[0 0 9 9]/Resources<<"+helvetica+">>", text))
	deep := file{content: "/X Do", resources: "/XObject<</X 5 0 R>>"}
	for i := range 400 {
		deep.objects = append(deep.objects, stream(fmt.Sprintf("/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>", 6+i), "/X Do"))
	}
	composite := "<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 6 0 R/DescendantFonts[<</Subtype/CIDFontType2/DW 500>>]>>"
	cmap := func(body string) []byte {
		return file{content: "BT /F1 10 Tf 20 100 Td <" + strings.Repeat("0041", 40_000) + "> Tj ET", resources: "/Font<</F1 5 0 R>>",
			objects: []string{composite, stream("", identityCMap+body)}}.bytes()
	}
	var entries strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&entries, "<%04X> <0041> ", i%65536)
	}
	many := file{content: "BT ", resources: "/Font<<"}
	for i := range 2000 {
		many.content += fmt.Sprintf("/F%d 1 Tf (x) Tj ", i)
		many.resources += fmt.Sprintf("/F%d<</Subtype/Type0/Encoding/Identity-H/ToUnicode 5 0 R/DescendantFonts[<<>>]>>", i)
	}
	many.resources += ">>"
	many.objects = []string{stream("", identityCMap+"60000 beginbfchar "+entries.String()[:60_000*14])}
	return map[string][]byte{
		"q without end":               file{content: strings.Repeat("q ", 5_000_000)}.bytes(),
		"BMC without end":             file{content: strings.Repeat("/P BMC ", 2_000_000)}.bytes(),
		"form fan-out of ten to ten":  fan.bytes(),
		"forms 400 deep":              deep.bytes(),
		"a glyph flood":               file{content: "BT /F1 10 Tf " + strings.Repeat("("+strings.Repeat("x", 10_000)+") Tj ", 3000)}.bytes(),
		"words without end":           file{content: "BT /F1 10 Tf " + strings.Repeat("1 0 Td (x)Tj ", 1_500_000)}.bytes(),
		"paths without end":           file{content: strings.Repeat("0 0 m 9 0 l 9 9 l S ", 1_000_000)}.bytes(),
		"one path without end":        file{content: "0 0 m " + strings.Repeat("9 0 l 9 9 l ", 1_500_000) + "S"}.bytes(),
		"arrays in arrays":            file{content: strings.Repeat("[", 5_000_000) + " TJ " + text}.bytes(),
		"dictionaries in each other":  file{content: strings.Repeat("<<", 3_000_000) + " BDC " + text}.bytes(),
		"unterminated strings":        file{content: "BT /F1 10 Tf [" + strings.Repeat("(", 3_000_000)}.bytes(),
		"hex string without end":      file{content: "BT /F1 10 Tf <" + strings.Repeat("41", 2_000_000)}.bytes(),
		"TJ of a million numbers":     file{content: "BT /F1 10 Tf [" + strings.Repeat("1 ", 3_000_000) + "] TJ"}.bytes(),
		"a bfchar flood":              cmap("200000 beginbfchar " + entries.String()),
		"bfchar count of 2e9":         cmap("2000000000 beginbfchar <0041> <0042> endbfchar"),
		"overlapping wide bfranges":   cmap("9 beginbfrange " + strings.Repeat("<0000> <FFFF> <0041> ", 100_000)),
		"CMap of itself":              cmap("/Identity-H usecmap " + strings.Repeat("/Identity-H usecmap ", 500_000)),
		"a thousand big CMaps":        many.bytes(),
		"Differences of 200,000":      file{content: text, resources: "/Font<</F1<</Subtype/Type1/Encoding<</Differences[" + strings.Repeat("0/a ", 200_000) + "]>>>>>>"}.bytes(),
		"W of 200,000":                file{content: "BT /F1 10 Tf <" + strings.Repeat("0041", 100_000) + "> Tj ET", resources: "/Font<</F1<</Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</W[" + strings.Repeat("0 65535 1 ", 60_000) + "]>>]>>>>"}.bytes(),
		"ActualText bomb":             file{content: "BT /F1 10 Tf " + strings.Repeat("/S<</ActualText("+strings.Repeat("y", 30_000)+")>>BDC (x) Tj EMC ", 300)}.bytes(),
		"numbers out of this world":   file{content: strings.Repeat("9e9 99999999999999999999 0 0 99999999999999 0 0 cm 1e300 0 0 1 0 0 Tm ", 200_000) + text}.bytes(),
		"annotations of themselves":   file{page: "/Annots[" + strings.Repeat("5 0 R ", 100_000) + "]", objects: []string{"<</Rect[0 0 9 9]/AP<</N 6 0 R>>>>", stream("/Subtype/Form/BBox[0 0 9 9]/Resources<<"+helvetica+">>", text)}}.bytes(),
		"usecmap cycle":               file{content: "BT /F1 10 Tf <0041> Tj ET", resources: "/Font<</F1 5 0 R>>", objects: []string{composite, stream("/UseCMap 6 0 R", identityCMap)}}.bytes(),
		"30 MB of q compressed":       deflated(noisy("q ", 30<<20)),
		"30 MB of Tj compressed":      deflated("BT /F1 10 Tf " + noisy("(x)Tj ", 30<<20)),
		"30 MB of numbers compressed": deflated(noisy("1 ", 30<<20)),
		"text over plain areas":       file{content: strings.Repeat("0 0 9 9 re f ", 2040) + "1 g BT /F1 10 Tf " + strings.Repeat("(x)Tj ", 380_000)}.bytes(),
		"clips in clips":              file{content: strings.Repeat("0 0 99 99 re W n BT /F1 9 Tf (x)Tj ET ", 300_000)}.bytes(),
		"image data without EI":       file{content: "BI /W 1 ID " + strings.Repeat("EIx ", 2_000_000)}.bytes(),
		"inline images without end":   file{content: strings.Repeat("BI ID x EI ", 1_000_000)}.bytes(),
	}
}

// noisy repeats a pattern to the given size, with a number now and then that keeps it from being compressed too well.
func noisy(pattern string, size int) string {
	var b strings.Builder
	block := strings.Repeat(pattern, 400/len(pattern))
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%s%d w ", block, i*2_654_435_761%1_000_003)
	}
	return b.String()
}

// deflated is a file with compressed content.
func deflated(content string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = io.WriteString(w, content)
	_ = w.Close()
	f := file{content: "", page: "/Contents 5 0 R", objects: []string{stream("/Filter/FlateDecode", b.String())}}
	return f.bytes()
}

// readHostile reads everything that can be read of a file.
func readHostile(ctx context.Context, data []byte) error {
	d, err := pdftext.Open(ctx, bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		return err
	}
	for p, err := range d.Pages(ctx) {
		if err != nil {
			return err
		}
		_ = p.Text()
		if _, err := pdftext.FindTable([]*pdftext.Page{p}, []string{"x", "x"}, nil); err != nil && !errors.Is(err, pdftext.ErrNoTable) {
			return err
		}
	}
	return nil
}

// TestHostileChild is the child of TestHostile; by itself it does nothing.
func TestHostileChild(t *testing.T) {
	if os.Getenv(hostileEnv) == "" {
		t.Skip("only as the child of TestHostile")
	}
	data, err := io.ReadAll(os.Stdin)
	require.NoError(t, err)
	start, used := time.Now(), cputest.Used()
	err = readHostile(t.Context(), data)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("\nresult: %d %d %d %v\n", time.Since(start).Milliseconds(), (cputest.Used() - used).Milliseconds(), m.Sys, err)
}

// TestHostile reads each hostile file in a process of its own and holds it to two seconds and 256 MB. The time is that of
// the processor: other work on the machine must not make the test fail; a run that stands still ends by the wall clock.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("the limits are those of a plain build: -short goes with the race detector, which is slower")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	files := hostileFiles()
	for _, name := range sortedKeys(files) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*hostileTime)
			defer cancel()
			cmd := exec.CommandContext(ctx, self, "-test.run=^TestHostileChild$", "-test.v")
			cmd.Env = append(os.Environ(), hostileEnv+"=1")
			cmd.Stdin = bytes.NewReader(files[name])
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "the child died: %s", out[:min(len(out), 2000)])
			var wall, cpu, memory int64
			_, rest, found := bytes.Cut(out, []byte("result: "))
			require.True(t, found)
			_, err = fmt.Sscan(string(rest), &wall, &cpu, &memory)
			require.NoError(t, err)
			assert.Less(t, time.Duration(cpu)*time.Millisecond, hostileTime)
			assert.Less(t, memory, int64(hostileMemory))
			t.Logf("%d bytes: %d ms, %d ms of processor, %d MB, %s", len(files[name]), wall, cpu, memory>>20,
				strings.TrimSpace(strings.SplitN(string(rest), "\n", 2)[0]))
		})
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	data := file{content: strings.Repeat("q Q ", 500_000)}.bytes()
	d, err := pdftext.Open(ctx, bytes.NewReader(data), int64(len(data)), nil)
	require.NoError(t, err)
	cancel()
	_, err = d.Page(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
}
