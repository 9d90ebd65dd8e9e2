// Package natstest runs NATS servers for tests, as processes.
package natstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// patience bounds the wait for servers, which are slow on a busy machine.
const patience = 60 * time.Second

// program returns the path of the server's program, which it builds if necessary.
var program = sync.OnceValues(func() (string, error) {
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	tools := filepath.Join(filepath.Dir(strings.TrimSpace(string(module))), ".ci", "tools.mod")
	path, err := exec.Command("go", "tool", "-n", "-modfile", tools, "nats-server").Output()
	if err != nil {
		return "", fmt.Errorf("can't build nats-server: %w", err)
	}
	return strings.TrimSpace(string(path)), nil
})

// Servers are NATS servers with JetStream. If there are several, they form a cluster.
type Servers struct {
	t    testing.TB
	dir  string
	list []*server
}

type server struct {
	config  string
	url     string
	store   string
	process *exec.Cmd
	log     bytes.Buffer
	ended   chan struct{}
}

// StartAlone starts a server that no test owns, with a folder of its own, and returns its URL. The caller calls stop after
// all tests.
func StartAlone(dir string) (url string, stop func(), err error) {
	path, err := program()
	if err != nil {
		return "", nil, err
	}
	ports := filepath.Join(dir, "ports")
	if err := os.Mkdir(ports, 0o700); err != nil {
		return "", nil, err
	}
	cmd := exec.Command(path, "-js", "-a", "127.0.0.1", "-p", "-1", "-sd", filepath.Join(dir, "store"), "--ports_file_dir", ports)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	var file struct{ Nats []string }
	for deadline := time.Now().Add(patience); len(file.Nats) == 0; <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			stop()
			return "", nil, fmt.Errorf("nats-server %s wrote no file of its ports", dir)
		}
		if found, _ := filepath.Glob(filepath.Join(ports, "*.ports")); len(found) > 0 {
			if text, err := os.ReadFile(found[0]); err == nil {
				json.Unmarshal(text, &file)
			}
		}
	}
	return file.Nats[0], stop, nil
}

// Start starts n servers, which end with the test. more is added to the configuration of each.
func Start(t testing.TB, n int, more string) *Servers {
	s := New(t, n, more)
	for i := range n {
		s.Start(i)
	}
	s.Await()
	return s
}

// New returns n servers that do not run.
func New(t testing.TB, n int, more string) *Servers {
	t.Helper()
	if _, err := program(); err != nil {
		t.Fatal(err)
	}
	s := &Servers{t: t, dir: t.TempDir()}
	ports := freePorts(t, 2*n)
	var routes []string
	for i := range n {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", ports[n+i]))
	}
	for i := range n {
		store := filepath.Join(s.dir, fmt.Sprint("store-", i))
		text := fmt.Sprintf("server_name: n%d\nlisten: 127.0.0.1:%d\njetstream { store_dir: %q, max_mem: 64M, max_file: 8G }\n%s\n", i, ports[i], store, more)
		if n > 1 {
			text += fmt.Sprintf("cluster { name: test, listen: 127.0.0.1:%d, routes: [%s] }\n", ports[n+i], strings.Join(routes, ", "))
		}
		config := filepath.Join(s.dir, fmt.Sprintf("n%d.conf", i))
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.list = append(s.list, &server{config: config, url: fmt.Sprintf("nats://127.0.0.1:%d", ports[i]), store: store})
	}
	t.Cleanup(func() {
		for i := range s.list {
			s.Kill(i)
		}
	})
	return s
}

// freePorts returns ports of the loopback address on which nothing listens.
func freePorts(t testing.TB, n int) (ports []int) {
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// URLs returns the URLs of all servers.
func (s *Servers) URLs() (urls []string) {
	for _, one := range s.list {
		urls = append(urls, one.url)
	}
	return urls
}

// Start starts a server that does not run.
func (s *Servers) Start(i int) {
	s.t.Helper()
	one := s.list[i]
	cmd := Command(s.t, "-c", one.config)
	cmd.Stdout, cmd.Stderr = &one.log, &one.log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	one.process, one.ended = cmd, make(chan struct{})
	go func() {
		defer close(one.ended)
		cmd.Wait()
	}()
}

// Kill kills a server, and waits until it has ended.
func (s *Servers) Kill(i int) {
	if one := s.list[i]; one.process != nil {
		one.process.Process.Kill()
		<-one.ended
		one.process = nil
	}
}

// Command returns a command that runs a server with arguments.
func Command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(path, args...)
}

// Check fails the test if a server would not accept a configuration.
func Check(t testing.TB, config string) {
	t.Helper()
	if out, err := Command(t, "-t", "-c", config).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", config, err, out)
	}
}

// Store returns the folder in which a server stores its streams.
func (s *Servers) Store(i int) string { return s.list[i].store }

// JetStream returns a connection to the servers that run.
func (s *Servers) JetStream() jetstream.JetStream {
	s.t.Helper()
	nc, err := nats.Connect(strings.Join(s.URLs(), ","), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		s.t.Fatal(err)
	}
	return js
}

// Await waits until JetStream can create and delete a stream that each server stores.
func (s *Servers) Await() {
	s.t.Helper()
	js := s.JetStream()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		once, stop := context.WithTimeout(ctx, 5*time.Second)
		_, err := js.CreateOrUpdateStream(once, jetstream.StreamConfig{Name: "await", Subjects: []string{"await"}, Replicas: len(s.list), Storage: jetstream.MemoryStorage})
		if err == nil {
			err = js.DeleteStream(once, "await")
		}
		stop()
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			s.t.Fatalf("JetStream does not work: %v\n%s", err, s.list[0].log.Bytes())
		}
		<-time.After(50 * time.Millisecond)
	}
}
