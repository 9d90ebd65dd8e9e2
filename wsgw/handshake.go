package wsgw

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"partyline/hub/clean"
	"partyline/hub/wire"
)

// The subprotocols. Where a client offers both, it gets JSON; where it offers none of
// them, it gets text.
const (
	protocolText = "partyline.text.v1"
	protocolJSON = "partyline.json.v1"
)

// admit tells whoever can't have a WebSocket why (RFC 6455 sections 4.2.1 and 4.4). The
// library, which asks for less, finds nothing more.
func (g *Gateway) admit(w http.ResponseWriter, r *http.Request) bool {
	switch h := w.Header(); {
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		http.Error(w, "a WebSocket needs HTTP/1.1", http.StatusBadRequest)
	case r.Method != http.MethodGet:
		h.Set("Allow", http.MethodGet)
		http.Error(w, "a WebSocket begins with GET", http.StatusMethodNotAllowed)
	case !websocket.IsWebSocketUpgrade(r):
		demandUpgrade(h)
		http.Error(w, "this is a WebSocket: see the page for people at ./", http.StatusUpgradeRequired)
	case !isOnly(r.Header["Sec-Websocket-Version"], "13"):
		demandUpgrade(h)
		h.Set("Sec-WebSocket-Version", "13")
		http.Error(w, "this is a WebSocket of version 13", http.StatusUpgradeRequired)
	case !isKey(r.Header["Sec-Websocket-Key"]):
		http.Error(w, "a WebSocket needs one Sec-WebSocket-Key of 16 bytes in base64", http.StatusBadRequest)
	case r.ContentLength != 0: // else its body would be taken for frames
		http.Error(w, "a WebSocket does not begin with a body", http.StatusBadRequest)
	case !g.Origins.allow(r):
		origins := strings.Join(r.Header["Origin"], " ")
		g.Log.Warn("page of another site turned away", "origin", clean.Quote(origins, mostLogged), "host", clean.Quote(r.Host, mostLogged),
			"hint", "let it in with --origin; behind a proxy, see that it passes Host on")
		h.Set("Connection", "close") // one line in the log for each connection
		http.Error(w, "pages of this origin may not come in", http.StatusForbidden)
	default:
		return true
	}
	return false
}

// mostLogged bounds what a client sent and is logged, in bytes.
const mostLogged = 100

// demandUpgrade sets what an answer of 426 must have (RFC 9110 section 15.5.22).
func demandUpgrade(h http.Header) {
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
}

func isOnly(values []string, want string) bool { return len(values) == 1 && values[0] == want }

func isKey(values []string) bool {
	if len(values) != 1 {
		return false
	}
	nonce, err := base64.StdEncoding.DecodeString(values[0])
	return err == nil && len(nonce) == 16
}

// chooseFormat returns the format for a request's subprotocols, and the header that
// names the one it chose.
func chooseFormat(r *http.Request) (wire.Format, http.Header) {
	text := false
	for _, p := range strings.Split(strings.Join(r.Header["Sec-Websocket-Protocol"], ","), ",") {
		switch strings.TrimSpace(p) {
		case protocolJSON:
			return wire.JSON, http.Header{"Sec-Websocket-Protocol": {protocolJSON}}
		case protocolText:
			text = true
		}
	}
	if text {
		return wire.Text, http.Header{"Sec-Websocket-Protocol": {protocolText}}
	}
	return wire.Text, nil
}
