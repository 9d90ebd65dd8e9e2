package names

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Hue returns the hue of the colour in which a name is shown, in degrees, from 0 to 359. The page has the
// same function (hue in web/static/room/name.js).
func Hue(name string) int {
	var h uint32
	for _, r := range cases.Lower(language.Und).String(norm.NFC.String(name)) {
		h = (h ^ uint32(r)) * 0x9e3779b1
	}
	return int(h>>8) % 360
}
