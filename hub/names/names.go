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
	maxNick = 32              // code points
	maxWish = 4 * 4 * maxNick // bytes of what is asked for: no preparation makes more fit
	MaxRoom = 64
)

// reserved holds the looks of names that nobody has: those that sound like the listener or
// the house's own voice, those of people who may give orders, and those who seem to be
// several or none. "all" is not among them: it has the look of Ali.
var reserved = looksOf(
	"you", "server", "system", "admin", "partyline", // the protocol's own
	"administrator", "mod", "moderator", "operator", "root", "security", "staff", "support",
	"everybody", "everyone", "nobody",
)

func looksOf(nicks ...string) map[string]bool {
	set := make(map[string]bool)
	for _, nick := range nicks {
		for _, look := range Skeletons(nick) {
			set[look] = true
		}
	}
	return set
}

// prepareNick returns the form of a nickname that others see, after the PRECIS
// UsernameCasePreserved profile (RFC 8265), or why it can't be one.
func Nick(wish string) (string, error) {
	invalid := func(why string) (string, error) { return "", errors.New("not a name: " + why) }
	if len(wish) > maxWish {
		return invalid("at most 32 characters")
	}
	nick, err := precis.UsernameCasePreserved.String(wish)
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
	case !oneWriting(nick):
		return invalid("take the letters of one script")
	case !oneNumbering(nick):
		return invalid("take the digits of one script")
	case piled(nick):
		return invalid("too many marks on one letter")
	case slices.ContainsFunc(Skeletons(nick), func(look string) bool { return reserved[look] }):
		return invalid(nick + " is reserved")
	}
	return nick, nil
}

// lowerASCII folds the case of ASCII letters alone, so that nothing else becomes one.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// prepareRoom returns the name of a room with its case folded, or why it can't be one.
func Room(wish string) (string, error) {
	room := lowerASCII(wish)
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

// guestNick makes a name for a newcomer without one. The letters leave out those that
// are read for another, m for rn too: no two such names share a look.
func Guest() string {
	const letters = "23456789abcdefghjknpqrstuvwxyz"
	b := []byte("guest-....")
	for i := len(b) - 4; i < len(b); i++ {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}

// firstSkeleton returns the skeleton that all spellings of a name share that differ in case
// alone: the first of its skeletons. It reports false if the name is too long for a nickname.
func FirstSkeleton(name string) (string, bool) {
	if len(name) > maxWish {
		return "", false
	}
	return nickKey(name), true
}

// sameFold reports whether two names differ in case at most.
func EqualFold(a, b string) bool { return foldCase(a) == foldCase(b) }
