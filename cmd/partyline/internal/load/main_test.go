//go:build linux

package load

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"testing"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/tcpgw"
	"partyline/web"
	"partyline/wsgw"
)

const (
	// serverVariable is the environment variable that makes the test binary the named server.
	serverVariable = "TEST_BINARY_IS_SERVER"
	// profileVariable is the environment variable with the file for the server's CPU profile.
	profileVariable = "TEST_SERVER_PROFILE"
)

// servers are the servers that the tests measure, each in a process of its own: partyline,
// and two to compare it with.
var servers = map[string]func(tcp, http net.Listener){
	"partyline": func(tcp, http net.Listener) { servePartyline(tcp, http, nil) },
	"tls":       serveTLS,
	"queue":     serveQueues,
	"floor":     serveFloor,
}

func TestMain(m *testing.M) {
	if serve := servers[os.Getenv(serverVariable)]; serve != nil {
		serveUntilSignal(serve)
		return
	}
	os.Exit(m.Run())
}

// serveUntilSignal serves until SIGTERM, and logs the addresses of its listeners as partyline
// does.
func serveUntilSignal(serve func(tcp, http net.Listener)) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	if name := os.Getenv(profileVariable); name != "" {
		f, err := os.Create(name)
		if err != nil {
			panic(err)
		}
		pprof.StartCPUProfile(f)
		defer f.Close()
		defer pprof.StopCPUProfile()
	}
	go serve(tcp, http)
	log.Info("listening", "tcp", tcp.Addr().String())
	log.Info("listening", "http", http.Addr().String())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
}

// servePartyline connects the hub and the gateways as the program does.
func servePartyline(tcp, site net.Listener, config *tls.Config) {
	log := slog.New(slog.DiscardHandler)
	h := hub.New(hub.Options{Log: log})
	ws := &wsgw.Gateway{Hub: h, MaxLine: 4096, Log: log}
	go http.Serve(site, web.New(web.Options{WebSocket: ws, Log: log}))
	(&tcpgw.Gateway{Hub: h, MaxLine: 4096, TLS: config, Log: log}).Serve(tcp)
}

// serveTLS is servePartyline with TLS over TCP.
func serveTLS(tcp, site net.Listener) {
	config, _, err := hubtest.TLS()
	if err != nil {
		panic(err)
	}
	servePartyline(tcp, site, config)
}

// serverCommand returns the command that runs the named server.
func serverCommand(name string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serverVariable+"="+name)
	return cmd
}
