package transcript

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// hueOf returns the hue of a name in degrees, from 0 to 359. It is the hue that the name has on the page
// (hue in web/static/room/name.js).
func hueOf(name string) int {
	var h uint32
	for _, r := range cases.Lower(language.Und).String(norm.NFC.String(name)) {
		h = (h ^ uint32(r)) * 0x9e3779b1
	}
	return int(h>>8) % 360
}
