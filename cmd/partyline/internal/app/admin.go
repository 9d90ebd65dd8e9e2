package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/spf13/pflag"

	"partyline/hub/admission"
	"partyline/web"
)

var (
	errDraining = errors.New("the server is ending")
	errNoAnswer = errors.New("the hub does not answer")
)

// health returns nil if the server works.
func (s *server) health(ctx context.Context) error {
	if s.hub.Check(ctx) != nil {
		return errNoAnswer
	}
	return nil
}

// ready returns nil if the server works, and takes clients and messages.
func (s *server) ready(ctx context.Context) error {
	if s.draining.Load() {
		return errDraining
	}
	if err := s.journal.failure(); err != nil {
		return err
	}
	if !s.journal.ready() {
		return admission.ErrStarting
	}
	return s.health(ctx)
}

// newAdmin returns the operator's HTTP server. It bounds no time for an answer, since a profile takes
// as long as was asked for.
func (s *server) newAdmin(c Config) *http.Server {
	return &http.Server{
		Handler: &s.adminPage, ReadHeaderTimeout: c.Limits.HeaderTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// newAdminPage returns the handler of the operator's server.
func (s *server) newAdminPage(c *Config) http.Handler {
	hosts, _ := c.acceptedHosts(s.listeners.Admin) // newServer has checked them
	return web.NewAdmin(web.AdminOptions{
		Metrics: s.figures.Handler(slog.NewLogLogger(s.log.Handler(), slog.LevelError)),
		Health:  s.health,
		Ready:   s.ready,
		API: map[string]func() any{
			"members": func() any { members, _ := s.hub.List(); return notNil(members) },
			"rooms":   func() any { _, rooms := s.hub.List(); return notNil(rooms) },
			"limits":  func() any { return effectiveLimits(*s.config.Load()) },
			"history": func() any { return c.History.state(s.journal) },
		},
		Hosts: hosts, Log: s.log,
	})
}

// notNil returns list, or an empty one in place of nil, which is null in JSON.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// effectiveLimits returns the limits of a server and of its history, by flag.
func effectiveLimits(c Config) map[string]string {
	all := make(map[string]string)
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.Limits.AddFlags(f)
	f.VisitAll(func(f *pflag.Flag) { all[f.Name] = f.Value.String() })
	all["max-members"] = strconv.Itoa(c.Limits.hubLimits().Members)
	all["history"], all["history-age"] = strconv.Itoa(c.History.Messages), fmt.Sprint(c.History.Age)
	return all
}
