package overview

import "strings"

// A line of a table cell with how it is set.
type cellLine struct {
	text  string
	size  float64
	color colour
	doubt bool
	style string
}

const cellPad = 1.1

// numberPad keeps a number apart from the column to its right.
const numberPad = 2.0

// table writes rows under a head that is repeated on each page. A row goes to the next page whole where it fits on
// one, and is split where it does not.
func (d *pdfWriter) table(t *table) {
	widths := d.widths(t)
	d.room(d.headHeight(t, widths) + 2*height(bodySize) + 2*cellPad)
	d.head(t, widths)
	full := d.foot - marginTop - d.headHeight(t, widths)
	for i := range t.Rows {
		cells := d.cells(t, &t.Rows[i], widths)
		need := rowHeight(cells)
		if need <= full && d.GetY()+need > d.foot {
			d.AddPage()
			d.head(t, widths)
		}
		for {
			room := d.foot - d.GetY() - 2*cellPad
			now, later := splitRow(cells, room)
			d.row(t, now, widths)
			if later == nil {
				break
			}
			cells = later
			d.AddPage()
			d.head(t, widths)
		}
	}
}

// widths shares the width out by weight. A column of numbers has the room of its widest one, at the cost of the widest
// column: a number that is broken over two lines reads as another number.
func (d *pdfWriter) widths(t *table) []float64 {
	sum := 0
	for _, c := range t.Columns {
		sum += c.Weight
	}
	out := make([]float64, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = d.width * float64(c.Weight) / float64(sum)
	}
	d.font("", bodySize, inkColour)
	wide := t.wide()
	for i, c := range t.Columns {
		if !c.Number {
			continue
		}
		most := 0.0
		for _, r := range t.Rows {
			for _, s := range r.Cells[i] {
				most = max(most, d.GetStringWidth(s))
			}
		}
		more := min(most+2*cellPad+numberPad+0.5-out[i], out[wide]-d.width/4)
		if more > 0 {
			out[i] += more
			out[wide] -= more
		}
	}
	return out
}

// inner is the width that the text of a cell has.
func inner(c column, width float64) float64 {
	if c.Number {
		width -= numberPad
	}
	return width - 2*cellPad
}

func (d *pdfWriter) headLines(t *table, widths []float64) ([][]string, int) {
	d.font("B", smallSize, softColour)
	most, out := 1, make([][]string, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = d.split(c.Title, inner(c, widths[i]))
		most = max(most, len(out[i]))
	}
	return out, most
}

func (d *pdfWriter) headHeight(t *table, widths []float64) float64 {
	_, n := d.headLines(t, widths)
	return float64(n)*height(smallSize) + 2*cellPad
}

func (d *pdfWriter) head(t *table, widths []float64) {
	ls, most := d.headLines(t, widths)
	h := float64(most)*height(smallSize) + 2*cellPad
	y := d.GetY()
	d.fill(tintColour)
	d.Rect(marginX, y, d.width, h, "F")
	x := marginX
	for i, cell := range ls {
		for n, l := range cell {
			d.SetXY(x+cellPad, y+cellPad+float64(n)*height(smallSize))
			d.CellFormat(inner(t.Columns[i], widths[i]), height(smallSize), l, "", 0, align(t.Columns[i]), false, 0, "")
		}
		x += widths[i]
	}
	d.SetXY(marginX, y+h)
	d.rule(0.3)
}

func align(c column) string {
	if c.Number {
		return "R"
	}
	return "L"
}

// cells sets a row in lines.
func (d *pdfWriter) cells(t *table, r *row, widths []float64) [][]cellLine {
	out := make([][]cellLine, len(t.Columns))
	add := func(i int, s string, size float64, c colour, doubt bool) {
		if s == "" {
			return
		}
		style := ""
		if t.Columns[i].Code {
			style = codeStyle
		}
		d.font(style, size, c)
		width := inner(t.Columns[i], widths[i]) - 0.2
		if doubt {
			width -= 2
		}
		if w := d.GetStringWidth(s); t.Columns[i].Number && w > width {
			size = max(size*width/w-0.05, 5) // two very long ones in a row
			d.font(style, size, c)
		}
		for _, l := range d.split(s, width) {
			out[i] = append(out[i], cellLine{l, size, c, doubt, style})
		}
	}
	for i, cell := range r.Cells {
		for _, s := range cell {
			if t.Columns[i].Source {
				add(i, s, smallSize, softColour, false)
				continue
			}
			add(i, s, bodySize, inkColour, false)
		}
	}
	add(t.wide(), strings.Join(r.Minor, " \u00b7 "), smallSize, softColour, false)
	for _, s := range r.Doubts {
		add(t.wide(), s, smallSize+0.5, inkColour, true)
	}
	return out
}

func rowHeight(cells [][]cellLine) float64 {
	most := height(bodySize)
	for _, cell := range cells {
		most = max(most, cellHeight(cell))
	}
	return most + 2*cellPad
}

func cellHeight(cell []cellLine) float64 {
	h := 0.0
	for _, l := range cell {
		h += height(l.size)
	}
	return h
}

// splitRow takes the lines that fit into the room; later is nil where all do. At least one line of each cell goes.
func splitRow(cells [][]cellLine, room float64) (now, later [][]cellLine) {
	now = make([][]cellLine, len(cells))
	rest := make([][]cellLine, len(cells))
	more := false
	for i, cell := range cells {
		h, n := 0.0, 0
		for n < len(cell) && (n == 0 || h+height(cell[n].size) <= room) {
			h += height(cell[n].size)
			n++
		}
		now[i], rest[i] = cell[:n], cell[n:]
		more = more || n < len(cell)
	}
	if more {
		later = rest
	}
	return now, later
}

func (d *pdfWriter) row(t *table, cells [][]cellLine, widths []float64) {
	y, x := d.GetY(), marginX
	for i, cell := range cells {
		at := y + cellPad
		for _, l := range cell {
			left := x + cellPad
			if l.doubt {
				d.bar(left, at, widths[i]-2*cellPad, height(l.size))
				left += 2
			}
			d.font(l.style, l.size, l.color)
			d.SetXY(left, at)
			w := inner(t.Columns[i], widths[i])
			if l.doubt {
				w -= 2
			}
			d.CellFormat(w, height(l.size), l.text, "", 0, align(t.Columns[i]), false, 0, "")
			at += height(l.size)
		}
		x += widths[i]
	}
	d.SetXY(marginX, y+rowHeight(cells))
	d.rule(0.15)
}
