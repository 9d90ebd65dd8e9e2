package transcript

// A layout says where the parts of an entry are in a line of a certain width. A wide line has columns:
//
//	17:20         alice   hello
//
// A narrow line has none, and begins with the name:
//
//	alice: hello
//
// In a tiny line the name stands alone above the text.
type layout struct {
	columns bool
	tiny    bool
	name    int // width of the column of names
	text    int // column of the text; of the lines after the first one without columns
	limit   int // width of the text; positive
	width   int // of the line
}

const (
	timeWidth   = len("15:04")
	gutter      = 3   // cells between the name and the text; the middle one is for a sign
	narrow      = 50  // lines that are less wide have no columns
	tiny        = 12  // lines that are less wide are tiny
	maxNameCell = 18  // width of the column of names
	maxText     = 120 // wider text is tiring to read
)

func newLayout(width int) layout {
	width = max(width, 1)
	if width < narrow {
		if width < tiny {
			return layout{tiny: true, limit: width, width: width}
		}
		const indent = 2
		return layout{text: indent, limit: width - indent, width: width}
	}
	name := min(max(width/6, 10), maxNameCell)
	text := timeWidth + 1 + name + gutter
	return layout{columns: true, name: name, text: text, limit: min(width-text, maxText), width: width}
}
