package certs

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/cmd/partyline/internal/certs/certstest"
)

// A logBuffer is a log that a test reads while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// take returns what was logged since the last call.
func (b *logBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.buf.Reset()
	return b.buf.String()
}

func (b *logBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// watched is Files that a goroutine watches, in a synctest bubble.
type watched struct {
	*Files
	dir    string
	ca     *certstest.Authority
	log    *logBuffer
	reload chan os.Signal
}

// watch writes a certificate for the name "first" to cert.pem and key.pem in a folder, and watches
// it.
func watch(t *testing.T) *watched {
	t.Helper()
	w := newWatched(t)
	cert, key := w.ca.IssueNow(t, "first")
	certstest.Write(t, w.dir, cert, key)
	w.start(t, w.dir)
	return w
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	return &watched{dir: t.TempDir(), ca: certstest.NewAuthority(t), log: &logBuffer{}, reload: make(chan os.Signal, 1)}
}

// start watches cert.pem and key.pem in a folder.
func (w *watched) start(t *testing.T, dir string) {
	t.Helper()
	var err error
	if w.Files, err = Load(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), w.log.logger()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { w.Watch(ctx, w.reload) })
	t.Cleanup(func() { cancel(); watching.Wait() })
}

// name returns the name in the current certificate.
func (w *watched) name(t *testing.T) string {
	t.Helper()
	c, err := w.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.DNSNames[0]
}

// expect checks the name in the current certificate, and what was logged: nothing, or one line
// with each of the given parts.
func (w *watched) expect(t *testing.T, name string, parts ...string) {
	t.Helper()
	synctest.Wait()
	if got := w.name(t); got != name {
		t.Errorf("the certificate is for %s, not %s", got, name)
	}
	log, lines := w.log.take(), 0
	if len(parts) > 0 {
		lines = 1
	}
	if strings.Count(log, "\n") != lines {
		t.Errorf("the log has %q, want %d lines with %q", log, lines, parts)
	}
	for _, part := range parts {
		if !strings.Contains(log, part) {
			t.Errorf("the log does not have %q: %s", part, log)
		}
	}
}

// TestRenewal replaces both files. The new certificate is used after at most one interval.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		time.Sleep(time.Hour)
		w.expect(t, "first")
		cert, key := w.ca.IssueNow(t, "second")
		certstest.Write(t, w.dir, cert, key)
		time.Sleep(pollInterval)
		w.expect(t, "second", "certificate loaded", "names=second", "changed=true")
		time.Sleep(time.Hour)
		w.expect(t, "second")
	})
}

// TestReload replaces both files and requests that they are loaded.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		cert, key := w.ca.IssueNow(t, "second")
		certstest.Write(t, w.dir, cert, key)
		w.reload <- os.Interrupt
		w.expect(t, "second", "certificate loaded", "changed=true")
		w.reload <- os.Interrupt
		w.expect(t, "second", "certificate loaded", "changed=false")
	})
}

// TestHalfRenewed replaces one file, and the other one before that is an error.
func TestHalfRenewed(t *testing.T) {
	for _, certFirst := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t)
			oldCert, oldKey := w.cert, w.key
			cert, key := w.ca.IssueNow(t, "second")
			if certFirst {
				certstest.Write(t, w.dir, cert, oldKey)
			} else {
				certstest.Write(t, w.dir, oldCert, key)
			}
			time.Sleep(settleTime)
			w.expect(t, "first")
			certstest.Write(t, w.dir, cert, key)
			time.Sleep(pollInterval)
			w.expect(t, "second", "certificate loaded")
			time.Sleep(time.Hour)
			w.expect(t, "second")
		})
	}
}

// TestBroken breaks the files in several ways. The old certificate stays, and the log has one
// error with a hint. When the files are whole again, the new certificate is used, and when they
// break again there is another error.
func TestBroken(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, w *watched)
		hint   string
	}{
		"a certificate without its key": {func(t *testing.T, w *watched) {
			cert, _ := w.ca.IssueNow(t, "second")
			os.WriteFile(w.certFile, cert, 0o600)
		}, "first certificate"},
		"a key without its certificate": {func(t *testing.T, w *watched) {
			_, key := w.ca.IssueNow(t, "second")
			os.WriteFile(w.keyFile, key, 0o600)
		}, "first certificate"},
		"no certificate":  {func(_ *testing.T, w *watched) { os.Remove(w.certFile) }, "check the path"},
		"no key":          {func(_ *testing.T, w *watched) { os.Remove(w.keyFile) }, "check the path"},
		"an empty file":   {func(_ *testing.T, w *watched) { os.WriteFile(w.certFile, nil, 0o600) }, "must be PEM"},
		"a truncated one": {func(_ *testing.T, w *watched) { os.Truncate(w.keyFile, 100) }, "must be PEM"},
		"a folder": {func(_ *testing.T, w *watched) {
			os.Remove(w.keyFile)
			os.Mkdir(w.keyFile, 0o700)
		}, "must be PEM"},
		"an encrypted key": {func(_ *testing.T, w *watched) {
			os.WriteFile(w.keyFile, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), 0o600)
		}, "passphrase"},
		"the files are exchanged": {func(_ *testing.T, w *watched) {
			os.Rename(w.keyFile, w.dir+"/x")
			os.Rename(w.certFile, w.keyFile)
			os.Rename(w.dir+"/x", w.certFile)
		}, "must be PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watch(t)
				for _, name := range []string{"first", "second"} {
					c.damage(t, w)
					time.Sleep(settleTime)
					w.expect(t, name)
					time.Sleep(pollInterval)
					w.expect(t, name, "level=ERROR", "the old one stays", c.hint)
					time.Sleep(time.Hour)
					w.expect(t, name)
					w.reload <- os.Interrupt // requested: the answer is not silence
					w.expect(t, name, "level=ERROR", "the old one stays", c.hint)

					cert, key := w.ca.IssueNow(t, "second")
					os.Remove(w.keyFile)
					certstest.Write(t, w.dir, cert, key)
					time.Sleep(pollInterval)
					w.expect(t, "second", "certificate loaded")
				}
			})
		})
	}
}

// TestUnreadable loads files that are missing or not those of a certificate. The error has the
// name of the file and a hint.
func TestUnreadable(t *testing.T) {
	ca := certstest.NewAuthority(t)
	cert, key := ca.IssueNow(t, "first")
	_, otherKey := ca.IssueNow(t, "first")
	good, bad := t.TempDir(), t.TempDir()
	certFile, keyFile := certstest.Write(t, good, cert, key)
	_, otherKeyFile := certstest.Write(t, bad, nil, otherKey)
	for _, c := range []struct{ cert, key, want string }{
		{good + "/none.pem", keyFile, "none.pem: no such file or directory (check the path"},
		{certFile, good + "/none.pem", "none.pem: no such file or directory (check the path"},
		{certFile, otherKeyFile, "(the key must be that of the first certificate"},
		{bad + "/cert.pem", keyFile, "(both files must be PEM"},
		{keyFile, certFile, "(both files must be PEM"},
	} {
		_, err := Load(c.cert, c.key, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v does not contain %q", c.cert, c.key, err, c.want)
		}
	}
}

// TestLinks renews a certificate as Kubernetes does, by a link to another folder, and as certbot
// does, by one link for each file.
func TestLinks(t *testing.T) {
	link := func(t *testing.T, target, name string) {
		t.Helper()
		if err := os.Symlink(target, name+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			t.Fatal(err)
		}
	}
	for name, renew := range map[string]func(t *testing.T, dir, target string){
		"kubernetes": func(t *testing.T, dir, target string) { link(t, target, filepath.Join(dir, "..data")) },
		"certbot": func(t *testing.T, dir, target string) {
			link(t, filepath.Join(target, "cert.pem"), filepath.Join(dir, "cert.pem"))
			link(t, filepath.Join(target, "key.pem"), filepath.Join(dir, "key.pem"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatched(t)
				cert, key := w.ca.IssueNow(t, "first")
				certstest.Write(t, w.dir, cert, key)
				dir := t.TempDir()
				link(t, w.dir, filepath.Join(dir, "..data"))
				link(t, "..data/cert.pem", filepath.Join(dir, "cert.pem"))
				link(t, "..data/key.pem", filepath.Join(dir, "key.pem"))
				w.start(t, dir)
				time.Sleep(pollInterval)
				w.expect(t, "first")
				next := t.TempDir()
				cert, key = w.ca.IssueNow(t, "second")
				certstest.Write(t, next, cert, key)
				renew(t, dir, next)
				time.Sleep(pollInterval)
				w.expect(t, "second", "certificate loaded")
			})
		})
	}
}

// TestExpiry watches a certificate for six hours until it has expired. The log warns an hour
// before, and again a day later.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		cert, key := w.ca.Issue(t, time.Now(), time.Now().Add(6*time.Hour), "first")
		certstest.Write(t, w.dir, cert, key)
		w.start(t, w.dir)
		time.Sleep(5 * time.Hour)
		w.expect(t, "first")
		time.Sleep(pollInterval)
		w.expect(t, "first", "level=WARN", "expires soon", "names=first")
		time.Sleep(warnInterval - pollInterval)
		w.expect(t, "first")
		time.Sleep(pollInterval)
		w.expect(t, "first", "level=WARN", "has expired", "hint=")
		cert, key = w.ca.IssueNow(t, "second")
		certstest.Write(t, w.dir, cert, key)
		time.Sleep(pollInterval)
		w.expect(t, "second", "certificate loaded")
		time.Sleep(time.Hour)
		w.expect(t, "second")
	})
}

// TestExpiryMessage tests the bounds of the notice for certificates of several lengths.
func TestExpiryMessage(t *testing.T) {
	const day = 24 * time.Hour
	ca, now := certstest.NewAuthority(t), time.Now()
	for _, c := range []struct {
		begins, expires time.Duration // from now
		want            string
	}{
		{-day, 5 * day, ""},
		{-6*day + time.Hour, 2 * time.Hour, "certificate expires soon"},
		{-5 * day, day + time.Hour, ""},
		{-400 * day, 15 * day, ""},
		{-400 * day, 13 * day, "certificate expires soon"},
		{-80 * day, 16 * day, ""},
		{-10 * day, -time.Hour, "certificate has expired"},
		{time.Hour, 10 * day, "certificate is not valid yet"},
	} {
		var log logBuffer
		cert, key := ca.Issue(t, now.Add(c.begins), now.Add(c.expires), "a", "b", "192.0.2.1", "c", "d", "e")
		certFile, keyFile := certstest.Write(t, t.TempDir(), cert, key)
		if _, err := Load(certFile, keyFile, log.logger()); err != nil {
			t.Fatal(err)
		}
		got := log.take()
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("from %v to %v: the log has %q, want %q", c.begins, c.expires, got, c.want)
		}
		if c.want != "" && !strings.Contains(got, `names="a b c d e ..."`) {
			t.Errorf("the log does not have the names: %s", got)
		}
	}
}
