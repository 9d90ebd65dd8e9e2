// Package names decides which nicknames and room names are valid, and which nicknames are
// too similar to be used at the same time. It also gives each name its hue.
//
// A nickname follows the PRECIS profile UsernameCasePreserved (RFC 8265). It also uses one
// script or a usual combination of scripts, and it can't be confused with a reserved name.
// Two nicknames are too similar if they share a skeleton (UTS 39).
//
// The package keeps no state, and its functions may be called from any goroutine. It imports
// no other package of the program.
package names

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

const (
	// MaxRoom is the largest length of a room name in bytes.
	MaxRoom = 64

	maxNick  = 32              // code points
	maxInput = 4 * 4 * maxNick // bytes; a longer string has no valid prepared form
)

// reserved holds the skeletons of the names that no member may have: names that seem to be
// the program's, names of people with authority, and names that seem to be several members
// or none. "all" is not among them, because it shares a skeleton with Ali.
var reserved = skeletonSet(
	"you", "server", "system", "admin", "partyline", // used by the protocol
	"administrator", "mod", "moderator", "operator", "root", "security", "staff", "support",
	"everybody", "everyone", "nobody",
)

func skeletonSet(nicks ...string) map[string]bool {
	set := make(map[string]bool)
	for _, nick := range nicks {
		for _, s := range Skeletons(nick) {
			set[s] = true
		}
	}
	return set
}

// Nick returns the form of a nickname that other members see. The error says what is wrong
// with the name, in words for the client.
func Nick(name string) (string, error) {
	invalid := func(reason string) (string, error) { return "", errors.New("not a name: " + reason) }
	if len(name) > maxInput {
		return invalid("at most 32 characters")
	}
	nick, err := precis.UsernameCasePreserved.String(name)
	if err != nil || nick == "" || !utf8.ValidString(nick) {
		return invalid("take letters, digits, _ - and .")
	}
	if utf8.RuneCountInString(nick) > maxNick {
		return invalid("at most 32 characters")
	}
	for i, r := range nick {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
		case i == 0:
			return invalid("it begins with a letter or a digit")
		case unicode.IsMark(r), r == '_', r == '-', r == '.':
		default:
			return invalid("take letters, digits, _ - and .")
		}
	}
	switch {
	case !oneScriptSet(nick):
		return invalid("take the letters of one script")
	case !oneDigitSet(nick):
		return invalid("take the digits of one script")
	case tooManyMarks(nick):
		return invalid("too many marks on one letter")
	case slices.ContainsFunc(Skeletons(nick), func(s string) bool { return reserved[s] }):
		return invalid(nick + " is reserved")
	}
	return nick, nil
}

// Guest returns a random nickname for a member that asked for none. It omits the letters that
// are confusable with others, such as i and l, or m and rn, so that different guest names
// share no skeleton.
func Guest() string {
	const letters = "23456789abcdefghjknpqrstuvwxyz"
	b := []byte("guest-....")
	for i := len(b) - 4; i < len(b); i++ {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}

// Room returns the name of a room in lower case. The error says what is wrong with the name,
// in words for the client.
func Room(name string) (string, error) {
	room := lowerASCII(name)
	ok := len(room) >= 1 && len(room) <= MaxRoom
	for i := 0; ok && i < len(room); i++ {
		c := room[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
	}
	if !ok {
		return "", errors.New("not a room: take 1 to 64 of a-z, 0-9, _ and -")
	}
	return room, nil
}

// lowerASCII maps A to Z to lower case. Unlike strings.ToLower it maps no other character,
// such as the Kelvin sign, to an ASCII letter.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}
