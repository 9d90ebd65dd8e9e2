package certs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"partyline/hub/clean"
)

const (
	// maxAnswer bounds what problemLog reads of an answer, in bytes.
	maxAnswer = 256 << 10
	// maxProblems bounds the lines in the log for one answer.
	maxProblems = 10
	// maxDetail bounds what the log quotes of it, in bytes.
	maxDetail = 500
)

// A problemLog sends requests to an authority, and logs the problems in its answers: package
// autocert does not return why a check of a name has failed, or why a renewal has.
type problemLog struct {
	next http.RoundTripper
	log  *slog.Logger

	mu   sync.Mutex
	last string // the last problem
	at   time.Time
}

// repeatTime is for how long the same answer, which a client may request again, is not logged again.
const repeatTime = time.Minute

// problem is a problem document (RFC 7807), or an authorization whose challenges have some
// (RFC 8555 sections 6.7 and 7.1.4).
type problem struct {
	Type       string
	Detail     string
	Challenges []struct {
		Type  string
		Error struct{ Detail string }
	}
}

// RoundTrip implements [http.RoundTripper].
func (p *problemLog) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := p.next.RoundTrip(req)
	if err != nil || !strings.Contains(res.Header.Get("Content-Type"), "json") {
		return res, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	p.report(body)
	return res, nil
}

// repeats reports whether the same problem was logged a short time ago.
func (p *problemLog) repeats(found problem) bool {
	text, now := fmt.Sprint(found), time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if text == p.last && now.Sub(p.at) < repeatTime {
		return true
	}
	p.last, p.at = text, now
	return false
}

// report logs the problems in an answer.
func (p *problemLog) report(body []byte) {
	var found problem
	if json.Unmarshal(body, &found) != nil || p.repeats(found) {
		return
	}
	// A client learns a new nonce from the refusal of an old one, and sends its request again.
	if found.Detail != "" && !strings.HasSuffix(found.Type, ":badNonce") {
		p.log.Warn("authority refuses a request", "type", clean.Quote(found.Type, maxDetail), "detail", clean.Quote(found.Detail, maxDetail))
	}
	for _, c := range found.Challenges[:min(len(found.Challenges), maxProblems-1)] {
		if c.Error.Detail != "" {
			p.log.Warn("authority can't check a name", "challenge", clean.Quote(c.Type, maxDetail), "detail", clean.Quote(c.Error.Detail, maxDetail))
		}
	}
}
