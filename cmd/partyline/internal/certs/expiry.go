package certs

import (
	"crypto/x509"
	"log/slog"
	"strings"
	"time"
)

const (
	// maxNotice is the longest time before the end of a certificate at which the log warns.
	maxNotice = 14 * 24 * time.Hour
	// warnInterval is the time between two warnings.
	warnInterval = 24 * time.Hour
)

// An expiryLog warns of a certificate that is not valid, or soon will not be.
type expiryLog struct {
	log    *slog.Logger
	leaf   *x509.Certificate
	warned time.Time // when the log last had a warning of leaf
}

// check logs a warning if leaf has expired, expires soon or is not valid yet. It logs at most one
// in each warnInterval about the same certificate.
func (e *expiryLog) check(leaf *x509.Certificate) {
	now := time.Now()
	message := expiryMessage(leaf, now)
	if message == "" || e.leaf == leaf && now.Sub(e.warned) < warnInterval {
		return
	}
	e.leaf, e.warned = leaf, now
	e.log.Warn(message, "names", names(leaf), "begins", leaf.NotBefore, "expires", leaf.NotAfter,
		"hint", "clients refuse such a certificate: check the program that renews it, and the clock")
}

// expiryMessage returns what is wrong with the time of a certificate, or "". A certificate expires
// soon in the last sixth of its time, or in its last maxNotice if that is shorter: certificates
// are renewed at a third.
func expiryMessage(leaf *x509.Certificate, now time.Time) string {
	notice := min(leaf.NotAfter.Sub(leaf.NotBefore)/6, maxNotice)
	switch {
	case now.After(leaf.NotAfter):
		return "certificate has expired"
	case now.Before(leaf.NotBefore):
		return "certificate is not valid yet"
	case leaf.NotAfter.Sub(now) < notice:
		return "certificate expires soon"
	}
	return ""
}

// maxNames is the largest number of names in the log.
const maxNames = 5

// names returns the names in a certificate, for the log.
func names(leaf *x509.Certificate) string {
	list := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		list = append(list, ip.String())
	}
	if len(list) > maxNames {
		list = append(list[:maxNames], "...")
	}
	return strings.Join(list, " ")
}
