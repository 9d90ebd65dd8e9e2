package wsgw

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Origins are the web sites besides the server's own whose pages may open a WebSocket.
type Origins map[string]bool

// ParseOrigins reads origins as browsers send them: scheme://host or scheme://host:port.
func ParseOrigins(list []string) (Origins, error) {
	origins := make(Origins)
	for _, s := range list {
		scheme, host, ok := parseOrigin(s)
		if !ok {
			return nil, fmt.Errorf("%q is not an origin: write it like https://chat.example.com", s)
		}
		origins[scheme+"://"+host] = true
	}
	return origins, nil
}

// allow reports whether the page that sent r may open a WebSocket (RFC 6455 section
// 10.2). A request without an Origin is no browser's.
func (o Origins) allow(r *http.Request) bool {
	sent := r.Header["Origin"]
	if len(sent) == 0 {
		return true
	}
	if len(sent) > 1 {
		return false
	}
	scheme, host, ok := parseOrigin(sent[0])
	return ok && (host == plainHost(scheme, r.Host) || o[scheme+"://"+host])
}

func parseOrigin(s string) (scheme, host string, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" ||
		u.Host == "" || !strings.EqualFold(s, u.Scheme+"://"+u.Host) {
		return "", "", false
	}
	return u.Scheme, plainHost(u.Scheme, u.Host), true
}

// plainHost returns a host without the scheme's default port and without case.
func plainHost(scheme, host string) string {
	host = strings.ToLower(host)
	if scheme == "http" {
		return strings.TrimSuffix(host, ":80")
	}
	return strings.TrimSuffix(host, ":443")
}
