package app

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"partyline/client"
	"partyline/hub/wire"
)

// The exit statuses of send and talk. doctor has the first two.
const (
	exitUsage       = 2
	exitUnreachable = 3
	exitRefused     = 4
	exitUnanswered  = 5
)

// An exitError is an error with an exit status. If err is nil, everything has been said about it.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprint("exit status ", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// dialError returns the error of a connection with its exit status.
func dialError(err error) error {
	var d *client.DialError
	switch {
	case !errors.As(err, &d):
		return &exitError{exitUsage, err}
	case d.Refused:
		return &exitError{exitRefused, err}
	}
	return &exitError{exitUnreachable, err}
}

// usageError is the flag error function of send and talk.
func usageError(cmd *cobra.Command, err error) error {
	if err = flagError(cmd, err); err != nil {
		err = &exitError{exitUsage, err}
	}
	return err
}

// printError writes a line for people in one write. What the server has contributed to it can't control a
// terminal.
func printError(w io.Writer, format string, args ...any) {
	io.WriteString(w, "partyline: "+wire.CleanLine(fmt.Sprintf(format, args...))+"\n")
}
