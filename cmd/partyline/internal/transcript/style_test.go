package transcript

import (
	"fmt"
	"testing"

	"github.com/charmbracelet/colorprofile"
)

// TestNameColors compares with the colours in which Chromium shows the names of the page.
func TestNameColors(t *testing.T) {
	for _, test := range []struct {
		light bool
		hue   int
		want  [3]int
	}{
		{false, 0, [3]int{248, 159, 187}},
		{false, 60, [3]int{242, 173, 115}},
		{false, 142, [3]int{149, 208, 142}},
		{false, 195, [3]int{86, 212, 212}},
		{false, 264, [3]int{154, 189, 255}},
		{false, 328, [3]int{228, 164, 226}},
		{true, 29, [3]int{146, 59, 49}},
		{true, 60, [3]int{138, 71, 0}}, // not in sRGB
		{true, 110, [3]int{96, 95, 0}},
		{true, 195, [3]int{0, 110, 112}},
		{true, 300, [3]int{102, 72, 147}},
	} {
		var got [3]int
		s := Style{Profile: colorprofile.TrueColor, Light: test.light}
		if _, err := fmt.Sscanf(string(s.hue(test.hue)), "38;2;%d;%d;%d", &got[0], &got[1], &got[2]); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if d := got[i] - test.want[i]; d < -1 || d > 1 {
				t.Errorf("hue %d, light %t: %d, want about %d", test.hue, test.light, got, test.want)
				break
			}
		}
	}
}

func TestNameColorsOfProfiles(t *testing.T) {
	for _, test := range []struct {
		style Style
		hue   int
		want  sgr
	}{
		{Style{Profile: colorprofile.ANSI256}, 195, "38;5;80"},
		{Style{Profile: colorprofile.ANSI}, 350, "95"},
		{Style{Profile: colorprofile.ANSI}, 29, "91"},
		{Style{Profile: colorprofile.ANSI}, 110, "93"},
		{Style{Profile: colorprofile.ANSI}, 142, "92"},
		{Style{Profile: colorprofile.ANSI}, 195, "96"},
		{Style{Profile: colorprofile.ANSI}, 264, "94"},
		{Style{Profile: colorprofile.ANSI}, 359, "91"},
		{Style{Profile: colorprofile.ANSI, Light: true}, 264, "34"},
		{Style{Profile: colorprofile.ASCII}, 264, ""},
		{Style{}, 264, ""},
	} {
		if got := test.style.hue(test.hue); got != test.want {
			t.Errorf("hue %d with %v: %q, want %q", test.hue, test.style.Profile, got, test.want)
		}
	}
}
