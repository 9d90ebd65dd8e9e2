package wsgw

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParseOrigins parses a list of origins in the form that Origins describes. It returns an
// error that contains the reason if no browser can send one of them.
func ParseOrigins(list []string) (Origins, error) {
	origins := make(Origins)
	for _, s := range list {
		origin, reason := parseOrigin(s)
		if reason != "" {
			return nil, fmt.Errorf("%q is not an origin: %s", s, reason)
		}
		origins[origin] = true
	}
	return origins, nil
}

const exampleHint = "write it like https://chat.example.com"

// opaqueSchemes lists schemes that have no pages, or whose pages send the origin null.
var opaqueSchemes = []string{"about", "blob", "data", "file", "filesystem", "ftp", "javascript"}

var schemePattern = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

// parseOrigin returns s in the form that Origins describes, or the reason why it is invalid.
func parseOrigin(s string) (origin, reason string) {
	if s == "null" {
		return "", "any page can send null"
	}
	scheme, rest, ok := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	switch {
	case !ok || !schemePattern.MatchString(scheme) || strings.Contains(rest, " "):
		return "", exampleHint
	case slices.Contains(opaqueSchemes, scheme):
		return "", "pages of " + scheme + ": have no origin"
	case strings.ContainsAny(rest, "/?#"):
		end := strings.IndexAny(rest, "/?#")
		return "", fmt.Sprintf("it must end after the host, as in %s://%s", scheme, rest[:end])
	case strings.Contains(rest, "@"):
		return "", "remove the user name"
	}
	host, port := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.HasSuffix(rest, "]") {
		host, port = rest[:i], rest[i:]
		if n, err := strconv.Atoi(port[1:]); err != nil || n < 1 || n > 65535 || port[1:] != strconv.Itoa(n) {
			return "", "the port must be a number from 1 to 65535"
		}
	}
	host, reason = parseHost(strings.ToLower(host))
	if reason != "" {
		return "", reason
	}
	return scheme + "://" + plainHost(scheme, host+port), ""
}

// parseHost returns a host in lower case as browsers write it, or the reason why it is
// invalid.
func parseHost(s string) (host, reason string) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if !ok || err != nil || !addr.Is6() || addr.Is4In6() || addr.Zone() != "" {
			return "", "the brackets do not contain an IPv6 address"
		}
		return "[" + addr.String() + "]", ""
	}
	name := strings.TrimPrefix(s, "*.")
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	switch {
	case strings.Contains(name, "*"):
		return "", "a * may only be the whole first part of a name, as in https://*.example.com"
	case slices.Contains(labels, ""):
		return "", exampleHint
	case strings.IndexFunc(name, func(r rune) bool { return r > '~' }) >= 0:
		return "", "write the host in ASCII as browsers send it, with xn-- at the start of a part"
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
		return "", exampleHint
	}
	// Browsers read a name that ends in a number as an IPv4 address.
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		if addr, err := netip.ParseAddr(s); err != nil || !addr.Is4() {
			return "", "the host is not an IPv4 address: write it like http://192.0.2.7:8080"
		}
	}
	return s, ""
}
