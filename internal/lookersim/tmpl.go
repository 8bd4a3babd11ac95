package lookersim

// A template is the text of a document with holes: what differs from one
// document to the next. Templates are drawn once, at New; filling one is a few
// copies, so that serving costs far less than reading what was served.

// hole names what goes into a gap of a template. In the text that a template
// is compiled from, a hole is the byte holeMark, which no UTF-8 text holds,
// followed by its code.
type hole byte

const holeMark = 0xff

const (
	holeDashboard hole = 'A' + iota // a dashboard's id
	holeElement                     // a tile's id
	holeLayout                      // a layout's id
	holeComponent                   // a layout component's id
	holeQuery                       // a query's id
	holeSlug                        // the query's short slug
	holeClient                      // the query's client id
	holeMaker                       // a result maker's id
	holeTitle                       // a title, escaped, without quotes
	holeColour                      // six hexadecimal digits
	holeMerge                       // a merge query's id, without quotes
	holeLook                        // a look's id
	holeLookDoc                     // a look, whole
	holeNumber                      // any number
	holeRow                         // a row of the layout grid
	holeColumn                      // a column of the layout grid
)

// String is the hole as it stands in a template's text.
func (h hole) String() string { return string([]byte{holeMark, byte(h)}) }

// fill holds what goes into the holes of one template.
type fill struct {
	dashboard, element, layout, component, query, maker, look, number, row, column int64

	title, merge []byte
	slug         [7]byte
	client       [22]byte
	colour       [6]byte
	lookDoc      func([]byte) []byte
}

type template struct {
	parts []string // text around the holes: one more than holes
	holes []hole
	size  int // of the text
}

// compile splits text at its holes.
func compile(text []byte) *template {
	t := &template{size: len(text)}
	from := 0
	for i := 0; i < len(text); i++ {
		if text[i] == holeMark {
			t.parts = append(t.parts, string(text[from:i]))
			t.holes = append(t.holes, hole(text[i+1]))
			i++
			from = i + 1
		}
	}
	t.parts = append(t.parts, string(text[from:]))
	return t
}

// append appends the template's text with its holes filled from f.
func (t *template) append(b []byte, f *fill) []byte {
	for i, h := range t.holes {
		b = append(b, t.parts[i]...)
		switch h {
		case holeDashboard:
			b = appendInt(b, f.dashboard)
		case holeElement:
			b = appendInt(b, f.element)
		case holeLayout:
			b = appendInt(b, f.layout)
		case holeComponent:
			b = appendInt(b, f.component)
		case holeQuery:
			b = appendInt(b, f.query)
		case holeMaker:
			b = appendInt(b, f.maker)
		case holeLook:
			b = appendInt(b, f.look)
		case holeNumber:
			b = appendInt(b, f.number)
		case holeRow:
			b = appendInt(b, f.row)
		case holeColumn:
			b = appendInt(b, f.column)
		case holeSlug:
			b = append(b, f.slug[:]...)
		case holeClient:
			b = append(b, f.client[:]...)
		case holeColour:
			b = append(b, f.colour[:]...)
		case holeTitle:
			b = append(b, f.title...)
		case holeMerge:
			b = append(b, f.merge...)
		case holeLookDoc:
			b = f.lookDoc(b)
		}
	}
	return append(b, t.parts[len(t.holes)]...)
}
