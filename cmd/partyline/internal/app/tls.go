package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"partyline/cmd/partyline/internal/certs"
)

// letsEncrypt is the directory of the default authority.
const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// tlsFlags are the flags for TLS. Without a certificate and a domain there is no TLS.
type tlsFlags struct {
	Cert, Key string // files
	Redirect  string // an address to listen on, as package listen takes it; "" for no listener

	Domains []string // for which an authority issues certificates
	Dir     string   // for these; "" for a folder in that of the history
	Email   string
	URL     string // of the authority
}

func (f *tlsFlags) addFlags(flags *pflag.FlagSet) {
	fileVar(flags, &f.Cert, "tls-cert", "file with a certificate and its chain, in PEM, for TLS at --http and --tcp; loaded again when it changes, and at SIGHUP")
	fileVar(flags, &f.Key, "tls-key", "file with the private key of --tls-cert, in PEM")
	listVar(flags, &f.Domains, "acme-domain", certs.CheckDomains, "domains", "domain for which to obtain a certificate by ACME, for TLS at --http and --tcp, which accepts the authority's terms of service; may be repeated")
	folderVar(flags, &f.Dir, "acme-dir", "folder for these certificates and their keys; without this flag the folder acme in --data")
	textVar(flags, &f.Email, "acme-email", isEmail, "an address of mail, such as ops@example.com", "address to which the authority may write about the certificates")
	textVar(flags, &f.URL, "acme-url", isHTTPS, "an https URL", "directory of the authority")
	flags.StringVar(&f.Redirect, "http-redirect", f.Redirect, `address of a listener that redirects HTTP to --http with TLS, and lets the authority check the domains, such as :80; "" for none`)
}

// isEmail reports whether s may be an address of mail, or is empty.
func isEmail(s string) bool {
	name, host, found := strings.Cut(s, "@")
	return s == "" || found && name != "" && host != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Hostname() != ""
}

// certificates are what a server shows to its clients. GetCertificate is that of a tls.Config.
// Watch renews the certificates until ctx is done, and at once when it receives from reload.
type certificates interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	Watch(ctx context.Context, reload <-chan os.Signal)
}

var (
	_ certificates = (*certs.Files)(nil)
	_ certificates = (*certs.ACME)(nil)
)

// hasTLS reports whether the server has certificates.
func (f *tlsFlags) hasTLS() bool { return f.Cert != "" || len(f.Domains) > 0 }

// checkTLS returns an error if flags for TLS exclude or lack each other.
func (c *Config) checkTLS() error {
	switch f := &c.TLS; {
	case f.Cert != "" && len(f.Domains) > 0:
		return fmt.Errorf("%s and %s exclude each other", c.source("tls-cert"), c.source("acme-domain"))
	case f.Cert != "" && f.Key == "":
		return fmt.Errorf("%s needs --tls-key, the file with its private key", c.source("tls-cert"))
	case f.Key != "" && f.Cert == "":
		return fmt.Errorf("%s needs --tls-cert, the file with its certificate", c.source("tls-key"))
	case f.Redirect != "" && !f.hasTLS():
		return fmt.Errorf("%s needs TLS: give --tls-cert and --tls-key, or --acme-domain", c.source("http-redirect"))
	case len(f.Domains) > 0 && c.HTTP == "" && f.Redirect == "":
		return fmt.Errorf("%s needs --http or --http-redirect, so that the authority can check the domain", c.source("acme-domain"))
	case len(f.Domains) > 0 && f.Dir == "" && c.History.Dir == "":
		// An authority issues only a few certificates a week for the same domain.
		return fmt.Errorf("%s needs --acme-dir or --data, so that a restart does not need a new certificate", c.source("acme-domain"))
	}
	return nil
}

// certificates loads the certificates. It returns nil if there is no TLS.
func (c *Config) certificates(log *slog.Logger) (certificates, error) {
	f := &c.TLS
	if err := c.checkTLS(); err != nil {
		return nil, err
	}
	switch {
	case len(f.Domains) > 0:
		return c.acme(log)
	case f.Cert == "":
		return nil, nil
	}
	files, err := certs.Load(f.Cert, f.Key, log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.source("tls-cert"), err)
	}
	return files, nil
}

// certificateNames returns the names and addresses for which the certificates are; nil if there are none.
func (c *Config) certificateNames(certs certificates) []string {
	if certs == nil || len(c.TLS.Domains) > 0 {
		return c.TLS.Domains
	}
	names := []string{}
	if cert, err := certs.GetCertificate(&tls.ClientHelloInfo{}); err == nil {
		names = append(names, cert.Leaf.DNSNames...)
		for _, ip := range cert.Leaf.IPAddresses {
			names = append(names, ip.String())
		}
	}
	return names
}

// acme returns the certificates of an authority.
func (c *Config) acme(log *slog.Logger) (certificates, error) {
	dir := c.TLS.Dir
	if dir == "" {
		dir = filepath.Join(c.History.Dir, "acme")
	}
	if err := makeWritable(dir); err != nil {
		return nil, fmt.Errorf("%s: %w", c.source("acme-dir"), err)
	}
	return certs.NewACME(certs.ACMEOptions{Domains: c.TLS.Domains, Dir: dir, Email: c.TLS.Email, URL: c.TLS.URL, Log: log}), nil
}

// makeWritable creates a folder if there is none, and returns an error if it can't be written.
func makeWritable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "writable")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// tlsConfig returns the configuration of a listener whose clients may choose one of protocols.
func tlsConfig(c certificates, protocols ...string) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.GetCertificate, NextProtos: protocols}
}

// httpConfig returns the configuration of the HTTP listener. A WebSocket needs HTTP/1.1.
func httpConfig(c certificates) *tls.Config {
	if _, ok := c.(*certs.ACME); ok {
		return tlsConfig(c, "http/1.1", certs.ChallengeProtocol)
	}
	return tlsConfig(c, "http/1.1")
}

// redirectHandler returns the handler of the listener that redirects with redirect.
func redirectHandler(c certificates, redirect http.Handler) http.Handler {
	if acme, ok := c.(*certs.ACME); ok {
		return acme.HTTPHandler(redirect)
	}
	return redirect
}
