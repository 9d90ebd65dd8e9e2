// Package notify tells the service manager that has started the program, such as systemd, what the
// program does: sd_notify(3) describes the messages.
package notify

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"
)

// sendTimeout bounds the time to send a message.
const sendTimeout = time.Second

// The variables with which a service manager asks for messages.
const (
	socketVariable      = "NOTIFY_SOCKET"
	watchdogVariable    = "WATCHDOG_USEC"
	watchdogPIDVariable = "WATCHDOG_PID"
)

// A Notifier sends messages to a service manager. If one can't be sent, the log has a warning. A nil
// Notifier sends none. Any goroutine may call its methods.
type Notifier struct {
	socket   *net.UnixAddr
	watchdog time.Duration // how often the service manager wants a sign of life; 0 for never
	log      *slog.Logger
}

// New returns the Notifier of the process, or nil if no service manager asks for messages. It removes
// what asks for them from the environment, so that child processes send none.
func New(log *slog.Logger) *Notifier {
	path := os.Getenv(socketVariable)
	watchdog := watchdogInterval(os.Getenv(watchdogVariable), os.Getenv(watchdogPIDVariable), os.Getpid())
	for _, name := range []string{socketVariable, watchdogVariable, watchdogPIDVariable} {
		os.Unsetenv(name)
	}
	if path == "" {
		return nil
	}
	return &Notifier{&net.UnixAddr{Name: path, Net: "unixgram"}, watchdog, log}
}

// Ready says that the program serves.
func (n *Notifier) Ready() { n.send("READY=1") }

// Reload says that the program reads its settings again, calls load, and then says that the program
// serves.
func (n *Notifier) Reload(load func()) {
	n.send("RELOADING=1" + monotonic())
	load()
	n.Ready()
}

// Stopping says that the program is ending, and asks the service manager to wait for it at least so long,
// whatever the service manager's own timeout.
func (n *Notifier) Stopping(timeout time.Duration) {
	n.send(fmt.Sprintf("STOPPING=1\nEXTEND_TIMEOUT_USEC=%d", timeout.Microseconds()))
}

func (n *Notifier) send(message string) {
	if n == nil {
		return
	}
	if err := n.write(message); err != nil {
		n.log.Warn("the service manager can't be notified", "err", err)
	}
}

func (n *Notifier) write(message string) error {
	conn, err := net.DialUnix(n.socket.Net, nil, n.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetWriteDeadline(time.Now().Add(sendTimeout))
	_, err = conn.Write([]byte(message))
	return err
}
