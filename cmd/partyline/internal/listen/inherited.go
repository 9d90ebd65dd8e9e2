package listen

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// firstInherited is the first descriptor that a service manager passes (SD_LISTEN_FDS_START).
const firstInherited = 3

// maxInherited bounds the number of inherited sockets.
const maxInherited = 1024

// The variables that describe the inherited sockets.
const (
	pidVariable   = "LISTEN_PID"
	countVariable = "LISTEN_FDS"
	namesVariable = "LISTEN_FDNAMES"
	pidfdVariable = "LISTEN_PIDFDID"
)

// unnamed is the name of a socket without one, as in sd_listen_fds_with_names(3).
const unnamed = "unknown"

// An inherited socket has a name, which other sockets may have too.
type inherited struct {
	name string
	file *os.File
}

// takeInherited returns the inherited sockets, the first of which is the descriptor first. It
// unsets their variables, and closes them in child processes. There are none if LISTEN_PID is not
// this process.
func takeInherited(first int) ([]inherited, error) {
	pid, count, names := os.Getenv(pidVariable), os.Getenv(countVariable), os.Getenv(namesVariable)
	for _, name := range []string{pidVariable, countVariable, namesVariable, pidfdVariable} {
		os.Unsetenv(name)
	}
	if pid != strconv.Itoa(os.Getpid()) || count == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxInherited {
		return nil, fmt.Errorf("%s=%q is not a number of descriptors", countVariable, count)
	}
	list := strings.Split(names, ":")
	if names == "" {
		list = slices.Repeat([]string{unnamed}, n)
	}
	if len(list) != n {
		return nil, fmt.Errorf("%s=%q does not have the %d names of %s", namesVariable, names, n, countVariable)
	}
	sockets := make([]inherited, n)
	for i, name := range list {
		closeOnExec(first + i)
		sockets[i] = inherited{name, os.NewFile(uintptr(first+i), name)}
	}
	return sockets, nil
}

// openInherited returns the listener on the inherited socket with a name.
func (o *Opener) openInherited(name string) (net.Listener, error) {
	named := func(s inherited) bool { return s.name == name }
	i := slices.IndexFunc(o.inherited, named)
	switch {
	case i < 0:
		return nil, o.unknownName(name)
	case slices.ContainsFunc(o.inherited[i+1:], named):
		return nil, errors.New("more than one inherited socket has this name: give each a name of its own, with FileDescriptorName= in a .socket unit of its own")
	}
	s := o.inherited[i]
	ln, err := net.FileListener(s.file)
	if err != nil {
		return nil, fmt.Errorf("the inherited socket is no TCP or unix socket: %w", err)
	}
	if !isListening(ln) {
		ln.Close()
		return nil, errors.New("the inherited socket does not listen: the .socket unit must have Accept=no and ListenStream=")
	}
	s.file.Close() // ln has a duplicate
	o.inherited = slices.Delete(o.inherited, i, i+1)
	o.used = append(o.used, name)
	return ln, nil
}

// unknownName returns the error for a name that no unused socket has.
func (o *Opener) unknownName(name string) error {
	switch {
	case slices.Contains(o.used, name):
		return errors.New("another listener uses this inherited socket")
	case len(o.inherited) == 0 && len(o.used) == 0:
		return errors.New("the program has inherited no sockets: a service manager such as systemd passes them")
	}
	var names []string
	for _, s := range o.inherited {
		names = append(names, inheritedPrefix+s.name)
	}
	for _, used := range o.used {
		names = append(names, inheritedPrefix+used)
	}
	return fmt.Errorf("no inherited socket has this name, but there are: %s", strings.Join(names, ", "))
}
