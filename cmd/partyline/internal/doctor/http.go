package doctor

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"partyline/web"
)

// maxBody is the largest answer that is read, in bytes.
const maxBody = 64 << 10

// get requests a path of the site.
func (p *prober) get(ctx context.Context, path string) Answer {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	a, body := p.open(ctx, path, nil)
	if a.Err != nil {
		return a
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, maxBody))
	a.Body, a.Err = string(b), err
	return a
}

// report requests the report, as a browser requests a WebSocket, and below its path: a proxy may have
// one configuration for that, and another one for the rest.
func (p *prober) report(ctx context.Context, o *Observation) {
	for _, o.ReportPath = range []string{"/ws" + web.ReportPath, web.ReportPath} {
		p.reportAt(ctx, o)
		if o.Report != nil || o.ReportAnswer.Status != http.StatusNotFound {
			return
		}
	}
}

// reportAt requests o.ReportPath.
func (p *prober) reportAt(ctx context.Context, o *Observation) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	a, body := p.open(ctx, o.ReportPath, http.Header{
		"Origin": {p.Site.Origin()}, "Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, // HAProxy wants them
	})
	defer func() { o.ReportAnswer = a }()
	if a.Err != nil {
		return
	}
	defer body.Close()
	limited := io.LimitReader(body, maxBody)
	if a.Status != http.StatusOK {
		return
	}
	d := json.NewDecoder(limited)
	var report web.Report
	if a.Err = d.Decode(&report); a.Err != nil {
		return
	}
	o.Report = &report
	newlines := io.MultiReader(d.Buffered(), limited)
	for i := range 2 {
		start := time.Now()
		if _, a.Err = io.ReadFull(newlines, make([]byte, 1)); a.Err != nil {
			return
		}
		if i == 1 {
			o.Pause = time.Since(start)
		}
	}
}

// open requests a path and returns the answer without its body.
func (p *prober) open(ctx context.Context, path string, header http.Header) (Answer, io.ReadCloser) {
	a := Answer{Sent: time.Now()}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Site.URL(path), nil)
	if err != nil {
		a.Err = err
		return a, nil
	}
	if header != nil {
		r.Header = header
	}
	res, err := p.client.Do(r)
	if err != nil {
		a.Err = err
		return a, nil
	}
	a.Took = time.Since(a.Sent)
	a.Status, a.Header, a.TLS = res.StatusCode, res.Header, res.TLS
	return a, res.Body
}
