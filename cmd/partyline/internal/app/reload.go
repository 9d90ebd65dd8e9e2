package app

import (
	"context"
	"log/slog"
	"net/http"
	"os"

	"partyline/cmd/partyline/internal/notify"
	"partyline/hub/admission"
	"partyline/web"
	"partyline/wsgw"
)

// reloading is what a server needs to reload its settings. The zero reloading requests nothing.
type reloading struct {
	requests <-chan os.Signal
	settings func() (Config, error) // returns the settings of a server that starts now
	level    *slog.LevelVar         // of the log
}

// watchRequests reloads the settings at each request, until ctx is done, and notifies the service
// manager. The request then goes on to renewals, for the certificates.
func (s *server) watchRequests(ctx context.Context, r reloading, manager *notify.Notifier, renewals chan<- os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case request := <-r.requests:
			reloaded := false
			manager.Reload(func() { reloaded = s.reload(r) })
			if !reloaded {
				continue
			}
			select {
			case renewals <- request:
			default: // the last one has not been received yet
			}
		}
	}
}

// reload makes the server use the settings that can be reloaded, and logs what has changed. If there
// is an error in any of the settings, it logs that, changes nothing, and returns false.
func (s *server) reload(r reloading) bool {
	fresh, err := r.settings()
	if err != nil {
		s.log.Error("not reloaded, the old settings stay", "err", err)
		return false
	}
	old := s.config.Load()
	next, changed, restart := old.update(&fresh)
	s.apply(next)

	// A line about a change of the level must not be lost by that change.
	last, level := logLevel(old.LogLevel), logLevel(next.LogLevel)
	r.level.Set(min(last, level))
	switch {
	case len(restart) > 0:
		s.log.Warn("reloaded, but some changes need a restart", slog.GroupAttrs("changed", changed...), slog.GroupAttrs("restart", restart...))
	case len(changed) > 0:
		s.log.Info("reloaded", slog.GroupAttrs("changed", changed...))
	default:
		s.log.Info("reloaded, nothing changed")
	}
	r.level.Set(level)
	return true
}

// apply makes the server use those settings of c that can be reloaded.
func (s *server) apply(c *Config) {
	limits, proxies := c.Limits.hubLimits(), c.Limits.proxyNetworks()
	origins, _ := wsgw.ParseOrigins(c.Origins) // checkOrigins has checked them
	s.hub.SetLimits(c.Limits.Rate, c.Limits.Burst, limits)
	s.ws.SetOrigins(origins)
	s.proxies.Set(proxies)
	s.gates.set(limits, proxies)
	s.page.set(s.newPage(c))
	s.adminPage.set(s.newAdminPage(c))
	s.config.Store(c)
}

// newPage returns the handler of the HTTP server.
func (s *server) newPage(c *Config) http.Handler {
	hosts, _ := c.acceptedHosts(s.listeners.HTTP) // newServer has checked them
	var past web.History
	if c.PublicLog {
		past = publicLog{s.journal}
	}
	exempt := admission.NewNetworks(append(c.Limits.exemptNetworks(), admission.Unix)...)
	return web.New(web.Options{
		WebSocket: s.ws, IsProxy: s.proxies.Contain, ProxyHeader: c.Limits.ProxyHeader, Hosts: hosts,
		HostRefused: s.figures.HostRefused, Health: s.health, RequireTLS: s.certs != nil, Report: c.report(s.listeners), History: past, IsExempt: exempt.Contain, Log: s.log,
	})
}
