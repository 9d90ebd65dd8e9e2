package tcpgw

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// A randomClient is a client at an address that HTTP and the chat share.
type randomClient struct {
	id        int
	header    string // a PROXY header, or ""
	address   string // the client in it; "" if it names none
	tls       bool
	protocols []string // that it names in the TLS handshake
	kind      int
}

// The kinds of random clients.
const (
	asks       = iota // sends a request
	asksHalf          // sends the start of a request, and ends its input
	speaks            // says lines
	speaksHalf        // says a line without a line feed, and ends its input
	kinds
)

func newRandomClient(t *testing.T, r *rand.Rand, id int, secure bool) randomClient {
	c := randomClient{id: id, kind: r.IntN(kinds), tls: secure && r.IntN(3) > 0}
	switch r.IntN(6) {
	case 0: // none
	case 1:
		c.header = "PROXY UNKNOWN\r\n"
	case 2:
		c.header = signature + "\x20\x00\x00\x00"
	default:
		c.address = fmt.Sprintf("203.0.113.%d:%d", r.IntN(256), 1+id)
		c.header = header(t, byte(1+r.IntN(2)), c.address)
	}
	if c.tls && c.kind < speaks {
		c.protocols = [][]string{nil, {"http/1.1"}, {"h2", "http/1.1"}}[r.IntN(3)]
	}
	return c
}

// token is a text that no other client sends.
func (c randomClient) token() string { return fmt.Sprintf("token-%d-", c.id) }

// lastLine ends what the room hears of a client that speaks.
func (c randomClient) lastLine() string { return c.token() + "two\n" }

// served reports whether a gateway with proxies on this machine serves the client.
func (c randomClient) served(proxies, direct bool) bool {
	switch {
	case !proxies:
		return c.header == ""
	case c.kind >= speaks:
		return c.address != ""
	default:
		return c.header != "" || direct
	}
}

// input returns what the client sends after the PROXY header, and in TLS.
func (c randomClient) input(r *rand.Rand) string {
	switch c.kind {
	case asks:
		body := strings.Repeat("b", r.IntN(5000))
		return fmt.Sprintf("POST /%s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 127.0.0.9\r\nContent-Length: %d\r\n\r\n%s", c.token(), len(body), body)
	case asksHalf:
		whole := fmt.Sprintf("GET /%s HTTP/1.1\r\nHost: x\r\n", c.token())
		return whole[:len("GET /")+r.IntN(len(whole)-len("GET /"))]
	case speaks:
		return fmt.Sprintf("%sone\n%stwo\n", c.token(), c.token())
	default:
		return c.token() + "one"
	}
}

// run connects and sends everything. It returns what the client receives: all of it, or up to the
// last of its own lines.
func (c randomClient) run(r *rand.Rand, ln *hubtest.Listener) (string, error) {
	raw, err := net.Dial(ln.Addr().Network(), ln.Addr().String())
	if err != nil {
		return "", err
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(30 * time.Second))
	var nc net.Conn = choppy{raw, r}
	if _, err := io.WriteString(nc, c.header); err != nil {
		return "", nil // the gateway may have closed the connection
	}
	if c.tls {
		secure := tls.Client(nc, &tls.Config{InsecureSkipVerify: true, NextProtos: c.protocols})
		if secure.Handshake() != nil {
			return "", nil
		}
		nc = choppy{secure, r}
	}
	io.WriteString(nc, c.input(r))
	switch c.kind {
	case asks:
		res, err := http.ReadResponse(bufio.NewReader(nc), nil)
		if err != nil {
			return "", nil
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return string(body), err
	case speaks:
		var all strings.Builder
		for in := bufio.NewScanner(nc); in.Scan() && !strings.HasSuffix(all.String(), c.lastLine()); {
			fmt.Fprintln(&all, in.Text())
		}
		return all.String(), nil
	default:
		if t, ok := nc.(choppy).Conn.(*tls.Conn); ok {
			t.CloseWrite()
		} else {
			raw.(interface{ CloseWrite() error }).CloseWrite()
		}
		all, _ := io.ReadAll(nc)
		return string(all), nil
	}
}

// A choppy connection sends what is written in random parts. Only one goroutine may use it.
type choppy struct {
	net.Conn
	r *rand.Rand
}

func (c choppy) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		most := 1 + c.r.IntN(20)
		if c.r.IntN(4) == 0 {
			most = len(b)
		}
		var m int
		m, err = c.Conn.Write(b[n:min(n+most, len(b))])
		n += m
	}
	return n, err
}

// TestSharedRandom has random clients at one address. A request gets to the handler whole, with the
// address in the PROXY header; a line is heard in the room once and in order; no part of a request is;
// and a proxy that names no client may not speak.
func TestSharedRandom(t *testing.T) {
	const clients, atOnce = 200, 8
	for _, network := range []hubtest.Network{hubtest.TCP, hubtest.TLSOverTCP} {
		for _, mode := range []struct{ proxies, direct bool }{{false, true}, {true, false}, {true, true}} {
			t.Run(fmt.Sprintf("%s, proxies %t, direct %t", network.Name, mode.proxies, mode.direct), func(t *testing.T) {
				t.Parallel()
				seed := rand.Uint64()
				t.Logf("the seed is %d", seed)
				g := &Gateway{
					Hub:       hub.New(hub.Options{Rate: 1e6, Burst: 1e6}),
					helloWait: time.Minute, openingWait: time.Minute, DirectHTTP: mode.direct, HeaderTimeout: time.Minute,
				}
				if mode.proxies {
					g.Proxies = admission.NewNetworks(netip.MustParsePrefix("127.0.0.0/8"))
				}
				ln := serveShared(t, g, network, describe)
				r := rand.New(rand.NewPCG(seed, 0))
				listener := randomClient{id: clients, kind: speaks}
				if mode.proxies {
					listener.address = "203.0.113.1:1"
					listener.header = header(t, 1, listener.address)
				}
				all := []randomClient{listener}
				for id := range clients {
					all = append(all, newRandomClient(t, r, id, ln.TLS != nil))
				}
				heard := startListening(t, ln, listener.header)
				var running sync.WaitGroup
				next := make(chan randomClient)
				for range atOnce {
					r := rand.New(rand.NewPCG(seed, r.Uint64()))
					running.Go(func() {
						for c := range next {
							got, err := c.run(r, ln.Listener)
							if err != nil {
								t.Errorf("%+v: %v", c, err)
							}
							c.check(t, got, c.served(mode.proxies, mode.direct))
						}
					})
				}
				for _, c := range all[1:] {
					next <- c
				}
				close(next)
				running.Wait()
				said := heard()
				for _, c := range all[1:] {
					var want []string
					if c.served(mode.proxies, mode.direct) {
						want = map[int][]string{speaks: {"one", "two"}, speaksHalf: {"one"}}[c.kind]
					}
					if got := said[c.token()]; !slices.Equal(got, want) {
						t.Errorf("%+v: the room hears %q, not %q", c, got, want)
					}
				}
			})
		}
	}
}

// check checks what a client has received.
func (c randomClient) check(t *testing.T, got string, served bool) {
	switch {
	case !served:
		if strings.Contains(got, "You are") || strings.Contains(got, "TLS=") {
			t.Errorf("%+v: it is served, and gets %q", c, got)
		}
	case c.kind == asks:
		client := c.address
		if client == "" {
			client = "<nil>"
		}
		want := fmt.Sprintf("/%s TLS=%t PROXY=%t client=%s body=", c.token(), c.tls, c.header != "", client)
		if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " error=<nil>\n") {
			t.Errorf("%+v: it gets %q, not %q", c, got, want)
		}
	case c.kind == asksHalf:
		if strings.Contains(got, "You are") {
			t.Errorf("%+v: it gets %q", c, got)
		}
	case !strings.Contains(got, "You are"), c.kind == speaks && !strings.HasSuffix(got, c.lastLine()):
		t.Errorf("%+v: it gets %q", c, got)
	}
}

// startListening joins the room after sending header. The returned function leaves it, and returns
// what was said after each token.
func startListening(t *testing.T, ln *sharedListener, header string) (heard func() map[string][]string) {
	t.Helper()
	nc, err := net.Dial(ln.Addr().Network(), ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	io.WriteString(nc, header+"the start\n")
	in := readLines(t, nc)
	in.expect("the start\n")
	said := make(map[string][]string)
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc.SetDeadline(time.Now().Add(time.Minute))
		for {
			line, err := in.in.ReadString('\n')
			if err != nil || strings.HasSuffix(line, "the end\n") {
				return
			}
			if i := strings.Index(line, "token-"); i >= 0 {
				j := i + strings.LastIndex(line[i:], "-") + 1
				said[line[i:j]] = append(said[line[i:j]], strings.TrimSpace(line[j:]))
			}
		}
	}()
	return func() map[string][]string {
		fmt.Fprintln(nc, "the end")
		<-done
		return said
	}
}
