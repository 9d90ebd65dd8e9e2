package wsgw

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParseOrigins reads origins as Origins describes them. It refuses those that no browser can
// send, and says why.
func ParseOrigins(list []string) (Origins, error) {
	origins := make(Origins)
	for _, s := range list {
		origin, wrong := parseOrigin(s)
		if wrong != "" {
			return nil, fmt.Errorf("%q is not an origin: %s", s, wrong)
		}
		origins[origin] = true
	}
	return origins, nil
}

const likeOrigin = "write it like https://chat.example.com"

// opaque lists schemes that have no pages, or whose pages send the origin null.
var opaque = []string{"about", "blob", "data", "file", "filesystem", "ftp", "javascript"}

var schemeForm = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

// parseOrigin returns s in the form of Origins, or what is wrong with it.
func parseOrigin(s string) (origin, wrong string) {
	if s == "null" {
		return "", "any page can send null"
	}
	scheme, rest, ok := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	switch {
	case !ok || !schemeForm.MatchString(scheme) || strings.Contains(rest, " "):
		return "", likeOrigin
	case slices.Contains(opaque, scheme):
		return "", "a page of " + scheme + ": has none"
	case strings.ContainsAny(rest, "/?#"):
		end := strings.IndexAny(rest, "/?#")
		return "", fmt.Sprintf("end it after the host, as in %s://%s", scheme, rest[:end])
	case strings.Contains(rest, "@"):
		return "", "leave out the user's name"
	}
	host, port := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.HasSuffix(rest, "]") {
		host, port = rest[:i], rest[i:]
		if n, err := strconv.Atoi(port[1:]); err != nil || n < 1 || n > 65535 || port[1:] != strconv.Itoa(n) {
			return "", "a port is a number from 1 to 65535"
		}
	}
	host, wrong = parseHost(strings.ToLower(host))
	if wrong != "" {
		return "", wrong
	}
	return scheme + "://" + plainHost(scheme, host+port), ""
}

// parseHost returns a host in lower case as browsers write it, or what is wrong with it.
func parseHost(s string) (host, wrong string) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if !ok || err != nil || !addr.Is6() || addr.Is4In6() || addr.Zone() != "" {
			return "", "what is in brackets is not an address of IPv6"
		}
		return "[" + addr.String() + "]", ""
	}
	name := strings.TrimPrefix(s, "*.")
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	switch {
	case strings.Contains(name, "*"):
		return "", "a * stands for the first part of a name and nothing else, as in https://*.example.com"
	case slices.Contains(labels, ""):
		return "", likeOrigin
	case strings.IndexFunc(name, func(r rune) bool { return r > '~' }) >= 0:
		return "", "write its host as browsers send it, in ASCII: it starts with xn-- or has a part that does"
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
		return "", likeOrigin
	}
	// A name that ends in a number is an address of IPv4 to a browser.
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		if addr, err := netip.ParseAddr(s); err != nil || !addr.Is4() {
			return "", "its host is not an address of IPv4: write it like http://192.0.2.7:8080"
		}
	}
	return s, ""
}
