package web

import (
	"net/netip"
	"strings"
)

// cutLastForwarded returns the last element of a Forwarded header (RFC 7239 section 4), and what is
// before it. Commas in a quoted string do not separate elements. It reads from the right, so that
// the quotes of an earlier element, which the client may have forged, do not change the result.
func cutLastForwarded(list string) (before, last string) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch list[i] {
		case '"':
			if !quoted || !isEscaped(list, i) {
				quoted = !quoted
			}
		case ',':
			if !quoted {
				return list[:i], strings.Trim(list[i+1:], " \t")
			}
		}
	}
	return "", strings.Trim(list, " \t")
}

// isEscaped reports whether an odd number of backslashes comes before s[i].
func isEscaped(s string, i int) bool {
	before := s[:i]
	return (len(before)-len(strings.TrimRight(before, `\`)))%2 == 1
}

// parseForwarded parses an element of a Forwarded header (RFC 7239 section 4), which has parameters
// such as for=198.51.100.7;proto=https. It is ok if the syntax is valid and "for" has an address,
// and not an identifier such as "unknown" or "_hidden". A proto is returned in either case.
//
// It accepts more than the RFC: white space around a semicolon, and an unquoted value with characters
// that need quotes, since some proxies send addresses with a port in that way.
func parseForwarded(element string) (h hop, ok bool) {
	values := make(map[string]string, 4)
	for rest := element; ; {
		rest = strings.TrimLeft(rest, " \t")
		if rest != "" && rest[0] != ';' {
			name, value, after, ok := cutPair(rest)
			name = strings.ToLower(name)
			if _, twice := values[name]; !ok || twice {
				return hop{}, false
			}
			values[name] = value
			rest = strings.TrimLeft(after, " \t")
		}
		if rest == "" {
			break
		}
		if rest[0] != ';' {
			return hop{}, false
		}
		rest = rest[1:]
	}
	h.proto = values["proto"]
	h.addr, ok = parseNode(values["for"])
	return h, ok
}

// cutPair parses a parameter, name=value, at the start of s, and returns what follows it. Quotes and
// their escapes are removed from the value.
func cutPair(s string) (name, value, after string, ok bool) {
	name, s, ok = strings.Cut(s, "=")
	if !ok || name == "" || strings.ContainsFunc(name, notToken) {
		return "", "", "", false
	}
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, "; \t\"\\")
		if end < 0 {
			end = len(s)
		}
		return name, s[:end], s[end:], end > 0
	}
	var unquoted strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return name, unquoted.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", "", false
			}
		}
		unquoted.WriteByte(s[i])
	}
	return "", "", "", false
}

// notToken reports whether a character may not be in a token (RFC 9110 section 5.6.2).
func notToken(c rune) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

// parseNode parses the value of "for" (RFC 7239 section 6). A port that is an identifier, such as
// "_9f", counts as port 0. It is more lenient than the RFC in that an IPv6 address needs brackets
// only before a port.
func parseNode(s string) (addr netip.AddrPort, ok bool) {
	if host, port, found := strings.Cut(s, ":_"); found && port != "" && !strings.ContainsFunc(port, notIdentifier) {
		s = host + ":0"
		if _, err := netip.ParseAddrPort(s); err != nil { // an IPv6 address without brackets
			return netip.AddrPort{}, false
		}
	}
	return parseAddr(s)
}

// notIdentifier reports whether a character may not be in an identifier (RFC 7239 section 6.3).
func notIdentifier(c rune) bool { return notToken(c) || strings.ContainsRune("!#$%&'*+^`|~", c) }
