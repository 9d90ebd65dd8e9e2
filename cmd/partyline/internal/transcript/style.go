package transcript

import (
	"fmt"
	"image/color"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/lucasb-eyer/go-colorful"

	"partyline/hub/names"
)

// A Style says how the lines look on a terminal. The zero value is for a dark terminal without colours that
// measures text by code points.
type Style struct {
	Profile colorprofile.Profile // the colours that the terminal has; below ANSI only bold, faint and reverse are used
	Light   bool                 // the terminal has a light background
	Method  ansi.Method          // how the terminal measures text; the same as the renderer's
}

// An sgr is the parameters of an SGR escape sequence. "" is plain text.
type sgr string

// and returns parameters that apply t after s.
func (s sgr) and(t sgr) sgr {
	if s == "" || t == "" {
		return s + t
	}
	return s + ";" + t
}

const (
	bold      sgr = "1"
	italic    sgr = "3"
	underline sgr = "4"
)

// A palette has the parameters for each kind of text.
type palette struct {
	style   Style
	muted   sgr // times, presence
	rule    sgr // the lines of separators
	accent  sgr // the unread separator, the sign of a private message
	warning sgr
	failure sgr
	mark    sgr // a mention, a found word
	choice  sgr // the message that the reader jumped to
	names   [360]sgr
}

// A tint is a colour of the page (web/static/colors.css) and what stands for it on a terminal with fewer
// colours.
type tint struct {
	dark, light  uint32 // RGB
	basic, plain sgr    // with 16 colours, and with none
}

var (
	ink     = tint{0xe4ebe9, 0x16211f, "", ""} // on a background
	muted   = tint{0x98a8a4, 0x566461, "2", "2"}
	rule    = tint{0x3c4f4b, 0xb9c9c4, "2", "2"}
	accent  = tint{0x6fd3bf, 0x0b5f55, "36", "1"}
	warning = tint{0xffc46b, 0x8a5200, "33", ""}
	failure = tint{0xff9a8f, 0xb3261e, "31", "1"}
	mark    = tint{0x5d4a10, 0xffe7a3, "30;43", "7"} // a background
	choice  = tint{0x1e4039, 0xd3eae4, "1", "1"}     // a background
)

func newPalette(s Style) *palette {
	return &palette{
		style:   s,
		muted:   s.foreground(muted),
		rule:    s.foreground(rule),
		accent:  s.foreground(accent),
		warning: s.foreground(warning),
		failure: s.foreground(failure),
		mark:    s.foreground(ink).and(s.parameters(mark, 48)),
		choice:  s.foreground(ink).and(s.parameters(choice, 48)),
	}
}

// name returns the parameters for a name.
func (p *palette) name(name string) sgr {
	hue := names.Hue(name)
	if p.names[hue] == "" {
		p.names[hue] = bold.and(p.style.hue(hue))
	}
	return p.names[hue]
}

// hue returns the parameters for a hue, in the lightness and the chroma of names on the page. With 16 colours
// it is the nearest of six.
func (s Style) hue(hue int) sgr {
	if s.Profile < colorprofile.ANSI {
		return ""
	}
	if s.Profile == colorprofile.ANSI {
		// Red, yellow, green, cyan, blue and magenta have the hues 29, 110, 142, 195, 264 and 328.
		nearest := 1
		for _, c := range []struct{ below, number int }{{358, 5}, {296, 4}, {230, 6}, {168, 2}, {126, 3}, {70, 1}} {
			if hue < c.below {
				nearest = c.number
			}
		}
		if s.Light {
			return sgr(fmt.Sprint(30 + nearest))
		}
		return sgr(fmt.Sprint(90 + nearest))
	}
	lightness, chroma := 0.8, 0.11
	if s.Light {
		lightness, chroma = 0.47, 0.12
	}
	r, g, b := colorful.OkLch(lightness, chroma, float64(hue)).Clamped().RGB255()
	return s.rgb(color.RGBA{r, g, b, 0xff}, 38)
}

func (s Style) foreground(t tint) sgr { return s.parameters(t, 38) }

// parameters returns the parameters that select a colour: 38 for the foreground, 48 for the background.
func (s Style) parameters(t tint, selector int) sgr {
	switch {
	case s.Profile < colorprofile.ANSI:
		return t.plain
	case s.Profile == colorprofile.ANSI:
		return t.basic
	}
	c := t.dark
	if s.Light {
		c = t.light
	}
	return s.rgb(color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 0xff}, selector)
}

func (s Style) rgb(c color.RGBA, selector int) sgr {
	if s.Profile == colorprofile.ANSI256 {
		return sgr(fmt.Sprintf("%d;5;%d", selector, ansi.Convert256(c)))
	}
	return sgr(fmt.Sprintf("%d;2;%d;%d;%d", selector, c.R, c.G, c.B))
}
