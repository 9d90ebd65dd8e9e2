package wsgw

import (
	"bufio"
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/socket"
)

// TestEarlyFramesInTLS sends frames together with the request, more than an HTTP server buffers. All
// of them become messages.
func TestEarlyFramesInTLS(t *testing.T) {
	h := hub.New(hub.Options{})
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	ln := serveOn(t, hubtest.TLSOverTCP, g)
	t.Cleanup(func() {
		h.Shutdown(context.Background())
		g.Wait()
	})
	client := ln.Dial(t)
	client.SetDeadline(time.Now().Add(20 * time.Second))
	sent := "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFydHlsaW5lIGJlbmNoIQ==\r\n\r\n"
	for _, c := range "abcdefgh" {
		sent += string(frame(0x81, strings.Repeat(string(c), 2000)))
	}
	io.WriteString(client, sent+string(frame(0x81, "that was all")))
	in := bufio.NewReader(client)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	received := ""
	for b := make([]byte, 4096); !strings.Contains(received, ": that was all"); {
		n, err := in.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		received += string(b[:n])
	}
	for _, c := range "abcdefgh" {
		if !strings.Contains(received, ": "+strings.Repeat(string(c), 2000)) {
			t.Errorf("the message of %c is missing", c)
		}
	}
}

// TestPlainToTLS sends a request without TLS to a TLSListener. The HTTP server answers.
func TestPlainToTLS(t *testing.T) {
	ln := hubtest.TLSOverTCP.Listen(t)
	server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(socket.TLSListener(ln, ln.TLS))
	defer server.Close()
	res, err := http.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "HTTPS") {
		t.Errorf("status %d, %q", res.StatusCode, body)
	}
}
