package hub

import (
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

const (
	lobby = "lobby"

	maxNick = 32 // code points
	maxRoom = 64
)

// reserved names sound like the house's own voice, or like the listener.
var reserved = []string{"you", "server", "system", "admin", "partyline"}

// prepareNick returns the form of a nickname that others see, after the PRECIS
// UsernameCasePreserved profile (RFC 8265), or why it can't be one.
func prepareNick(wish string) (string, *Refusal) {
	invalid := func(why string) (string, *Refusal) {
		return "", &Refusal{Code: CodeNickInvalid, Message: "not a name: " + why}
	}
	if len(wish) > 4*4*maxNick { // no profile makes so much fit
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
	key := nickKey(nick)
	for _, r := range reserved {
		if key == r {
			return invalid(nick + " is reserved")
		}
	}
	return nick, nil
}

// nickKey returns what two prepared names share that differ in case alone.
func nickKey(nick string) string {
	return norm.NFC.String(strings.Map(foldRune, cases.Fold().String(nick)))
}

// foldRune returns the same rune for all that differ in case alone. The library's folding
// swaps the two cases of Cherokee.
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return unicode.ToLower(least)
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
func prepareRoom(wish string) (string, *Refusal) {
	room := lowerASCII(wish)
	ok := len(room) >= 1 && len(room) <= maxRoom
	for i := 0; ok && i < len(room); i++ {
		c := room[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
	}
	if !ok {
		return "", &Refusal{Code: CodeRoomInvalid, Message: "not a room: take 1 to 64 of a-z, 0-9, _ and -"}
	}
	return room, nil
}

// guestNick makes a name for a newcomer without one. The letters leave out those that
// are read for another.
func guestNick() string {
	const letters = "23456789abcdefghjkmnpqrstuvwxyz"
	b := []byte("guest-....")
	for i := len(b) - 4; i < len(b); i++ {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}
