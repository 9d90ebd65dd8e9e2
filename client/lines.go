package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A lineLink is a link over a byte stream.
type lineLink struct {
	conn   *guardedConn
	in     *bufio.Reader
	long   []byte
	inJSON bool // a line in JSON was read
}

// newLineLink returns a link. With the first lines it asks for the JSON format.
func newLineLink(c *guardedConn) *lineLink {
	c.batching = true
	c.Write([]byte("/format json\n"))
	return &lineLink{conn: c, in: bufio.NewReaderSize(c, bufSize)}
}

func (l *lineLink) read() ([]byte, error) {
	if l.inJSON {
		return l.readLine()
	}
	line, err := l.skipText()
	l.inJSON = err == nil
	return line, err
}

// skipText returns the first line in JSON. The lines in text before it may say why there is none.
func (l *lineLink) skipText() ([]byte, error) {
	refusal := "" // the last error or goodbye
	for {
		line, err := l.readLine()
		if bytes.HasPrefix(line, []byte("{")) && err == nil {
			return line, nil
		}
		if other := foreign(line); other != nil {
			return nil, other
		}
		if bytes.HasPrefix(line, []byte("! ")) {
			refusal = string(line[2:])
		}
		switch {
		case err == nil:
		case refusal != "":
			return nil, &DialError{Refused: true, Err: errors.New(refusal)}
		case err == io.EOF:
			return nil, &DialError{Err: errors.New("it closed the connection before a welcome"), Hint: "is it partyline? Does it expect TLS (tls://)?"}
		default:
			return nil, err
		}
	}
}

// readLine returns the next line in any format. With an error it returns the start of the line.
func (l *lineLink) readLine() ([]byte, error) {
	l.long = l.long[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		if err == nil {
			if len(l.long) == 0 {
				return part[:len(part)-1], nil
			}
			l.long = append(l.long, part[:len(part)-1]...)
			return l.long, nil
		}
		if err != bufio.ErrBufferFull {
			return append(l.long, part...), err
		}
		if l.long = append(l.long, part...); len(l.long) > maxLine {
			return nil, fmt.Errorf("a line of the server is longer than %d MiB", maxLine>>20)
		}
	}
}

func (l *lineLink) write(lines [][]byte) error {
	for _, line := range lines {
		l.conn.Write(line)
	}
	return l.conn.flush()
}

func (l *lineLink) ready() bool {
	arrived, err := l.in.Peek(l.in.Buffered())
	return err == nil && bytes.IndexByte(arrived, '\n') >= 0
}

func (l *lineLink) arrivals() uint64 { return l.conn.reads.Load() }

func (l *lineLink) interrupt() { l.conn.interrupt() }

func (l *lineLink) close() { l.conn.Close() }
