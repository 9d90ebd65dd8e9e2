// Package certs provides the certificate of a TLS server, from files that another program renews.
package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// pollInterval is the time between two looks at the files.
	pollInterval = 5 * time.Second
	// settleTime is how long the files may be unusable before that is an error: a program that
	// renews them does not replace both at the same moment.
	settleTime = 30 * time.Second
)

// Files is a certificate with its chain in one file, and its private key in another, both in PEM.
// It loads them again when they change.
type Files struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]

	// Only one goroutine uses these: first Load, then Watch.
	cert, key []byte    // the contents of the files from which current was loaded
	broken    time.Time // since when the files can't be loaded; the zero Time if they can
	reported  bool      // whether the log has that they can't be loaded
	expiry    expiryLog
}

// Load loads a certificate and its key. The error names the file, and how to correct it. A
// certificate that has expired is only logged.
func Load(certFile, keyFile string, log *slog.Logger) (*Files, error) {
	f := &Files{certFile: certFile, keyFile: keyFile, log: log, expiry: expiryLog{log: log}}
	if _, err := f.load(); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, f.hint(err))
	}
	f.expiry.check(f.current.Load().Leaf)
	return f, nil
}

// GetCertificate returns the current certificate, whatever name a client asks for. It is the
// function of a tls.Config, and may be called from any goroutine.
func (f *Files) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.current.Load(), nil
}

// Watch loads the files again when their contents change, and when it receives from reload, until
// ctx is done. Files that can't be loaded change nothing: the log has one error. Each day it logs
// that the certificate has expired or soon will.
func (f *Files) Watch(ctx context.Context, reload <-chan os.Signal) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		requested := false
		select {
		case <-ctx.Done():
			return
		case <-reload:
			requested = true
		case <-tick.C:
		}
		f.update(requested)
		f.expiry.check(f.current.Load().Leaf)
	}
}

// update loads the files and logs what has changed. If it was requested, it always logs the result.
func (f *Files) update(requested bool) {
	changed, err := f.load()
	if err == nil {
		f.broken, f.reported = time.Time{}, false
		if changed || requested {
			leaf := f.current.Load().Leaf
			f.log.Info("certificate loaded", "names", names(leaf), "expires", leaf.NotAfter, "changed", changed)
		}
		return
	}
	if f.broken.IsZero() {
		f.broken = time.Now()
	}
	if requested || !f.reported && time.Since(f.broken) >= settleTime {
		f.reported = true
		f.log.Error("certificate not loaded, the old one stays", "err", err, "hint", f.hint(err))
	}
}

// load loads the files if their contents have changed. On an error the current certificate stays.
func (f *Files) load() (changed bool, err error) {
	cert, err := os.ReadFile(f.certFile)
	if err != nil {
		return false, err
	}
	key, err := os.ReadFile(f.keyFile)
	if err != nil {
		return false, err
	}
	if bytes.Equal(cert, f.cert) && bytes.Equal(key, f.key) {
		return false, nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, fmt.Errorf("%s and %s: %w", f.certFile, f.keyFile, err)
	}
	f.current.Store(&pair)
	f.cert, f.key = cert, key
	return true, nil
}

// hint returns what the operator can do about an error of load.
func (f *Files) hint(err error) string {
	key, _ := os.ReadFile(f.keyFile)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "let the user of the server read the file"
	case errors.Is(err, fs.ErrNotExist):
		return "check the path, and that no link in it is broken"
	case bytes.Contains(key, []byte("ENCRYPTED")):
		return "the key has a passphrase; remove it with openssl pkey -in KEY -out NEWKEY"
	case strings.Contains(err.Error(), "does not match"):
		return "the key must be that of the first certificate in the file"
	}
	return "both files must be PEM: the certificate and then its chain, and the private key"
}
