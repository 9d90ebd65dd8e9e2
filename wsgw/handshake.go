package wsgw

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"partyline/hub/wire"
)

// The subprotocols. A client that offers both gets JSON; a client that offers neither gets
// text.
const (
	protocolText = "partyline.text.v1"
	protocolJSON = "partyline.json.v1"
)

// checkRequest reports whether a request may become a WebSocket, and answers it if not (RFC
// 6455 sections 4.2.1 and 4.4). The library checks less, so it accepts every request that
// passes.
func (g *Gateway) checkRequest(w http.ResponseWriter, r *http.Request) bool {
	switch h := w.Header(); {
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		http.Error(w, "a WebSocket needs HTTP/1.1", http.StatusBadRequest)
	case r.Method != http.MethodGet:
		h.Set("Allow", http.MethodGet)
		http.Error(w, "a WebSocket begins with GET", http.StatusMethodNotAllowed)
	case !websocket.IsWebSocketUpgrade(r):
		// A page can't see why its WebSocket is refused, so it asks in this way.
		if err := g.Hub.CheckAdmission(address(r)); err != nil {
			g.turnAway(w, r, err)
			return false
		}
		requireUpgrade(h)
		http.Error(w, "this is a WebSocket: see the page for people at ./", http.StatusUpgradeRequired)
	case !isOnly(r.Header["Sec-Websocket-Version"], "13"):
		requireUpgrade(h)
		h.Set("Sec-WebSocket-Version", "13")
		http.Error(w, "this is a WebSocket of version 13", http.StatusUpgradeRequired)
	case !isKey(r.Header["Sec-Websocket-Key"]):
		http.Error(w, "a WebSocket needs one Sec-WebSocket-Key of 16 bytes in base64", http.StatusBadRequest)
	case r.ContentLength != 0: // the body would be read as frames
		http.Error(w, "a WebSocket does not begin with a body", http.StatusBadRequest)
	case !g.allowsOrigin(r):
		g.logRefusal(r)
		if g.OriginRefused != nil {
			g.OriginRefused()
		}
		h.Set("Connection", "close")
		http.Error(w, "pages of this origin may not come in", http.StatusForbidden)
	default:
		return true
	}
	return false
}

// maxQuoted limits what the log quotes of one value in a request, in bytes.
const maxQuoted = 100

// requireUpgrade sets the headers that a response with status 426 must have (RFC 9110 section
// 15.5.22).
func requireUpgrade(h http.Header) {
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
}

func isOnly(values []string, want string) bool { return len(values) == 1 && values[0] == want }

// isKey reports whether values has one valid Sec-WebSocket-Key.
func isKey(values []string) bool {
	if len(values) != 1 {
		return false
	}
	nonce, err := base64.StdEncoding.DecodeString(values[0])
	return err == nil && len(nonce) == 16
}

// chooseFormat returns the format for the subprotocols that a request offers, and the header
// that names the chosen one. The header is nil if the request offers neither.
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
