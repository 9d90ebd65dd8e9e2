package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"
)

// maxID is the largest id of a message.
const maxID = 1<<53 - 1

// parseID parses the id of a message: decimal digits.
func parseID(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 64)
	return int64(min(n, maxID)), err == nil && n <= maxID
}

// parseHistoryRange parses the query of a page below /log/: before or after, with an id. An id of 0
// means the same as in the protocol: no bound. Other parameters are ignored.
func parseHistoryRange(query string) (HistoryRange, error) {
	g := HistoryRange{Limit: historyLimit, Newest: true}
	values, err := url.ParseQuery(query)
	before, after := values["before"], values["after"]
	if err != nil || len(before)+len(after) > 1 {
		return g, notFound("not a page: take one of before=ID and after=ID")
	}
	for _, s := range append(before, after...) {
		id, ok := parseID(s)
		if !ok {
			return g, notFound("not an id: the id of a message is a number")
		}
		if g.Newest = after == nil; g.Newest {
			g.Before = id
		} else {
			g.After = id
		}
	}
	return g, nil
}

// pathValue returns a part of the path, which chi does not decode if the path has escapes that it does
// not need.
func pathValue(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return value
	}
	decoded, err := url.PathUnescape(value)
	if err != nil {
		return value
	}
	return decoded
}
