//go:build linux

package load

import (
	"context"
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
	"partyline/tcpgw"
	"partyline/web"
	"partyline/wsgw"
)

const (
	// asServer in the environment makes the test binary a server: one of servers.
	asServer = "TEST_BINARY_IS_SERVER"
	// profileTo names the file for the server's CPU profile.
	profileTo = "TEST_SERVER_PROFILE"
)

// servers are what can be measured, each in a process of its own: partyline as the
// program puts it together, and the two that it is compared with.
var servers = map[string]func(tcp, http net.Listener){
	"partyline": servePartyline,
	"queue":     serveQueues,
	"floor":     serveFloor,
}

func TestMain(m *testing.M) {
	if serve := servers[os.Getenv(asServer)]; serve != nil {
		serveAlone(serve)
		return
	}
	os.Exit(m.Run())
}

// serveAlone serves until a signal, and names its doors as partyline does.
func serveAlone(serve func(tcp, http net.Listener)) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	if name := os.Getenv(profileTo); name != "" {
		f, err := os.Create(name)
		if err != nil {
			panic(err)
		}
		pprof.StartCPUProfile(f)
		defer f.Close()
		defer pprof.StopCPUProfile()
	}
	go serve(tcp, web)
	log.Info("line open", "tcp", tcp.Addr().String())
	log.Info("page open", "http", web.Addr().String())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
}

// servePartyline hangs the doors as the program does.
func servePartyline(tcp, site net.Listener) {
	log := slog.New(slog.DiscardHandler)
	h := hub.New(hub.Options{Log: log})
	ws := &wsgw.Gateway{Hub: h, MaxLine: 4096, Log: log}
	go http.Serve(site, web.New(web.Options{WebSocket: ws, Log: log}))
	(&tcpgw.Server{Hub: h, MaxLine: 4096, Log: log}).Serve(tcp)
}

// serverCommand returns the command that is one of servers.
func serverCommand(name string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asServer+"="+name)
	return cmd
}
