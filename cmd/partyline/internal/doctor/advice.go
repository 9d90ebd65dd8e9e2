package doctor

import "slices"

// The names of programs in advice.
const (
	nginx     = "nginx"
	caddy     = "Caddy"
	haproxy   = "HAProxy"
	partyline = "partyline"
)

// add returns the advice to add lines to the configuration of a proxy.
func add(to, where string, lines ...string) Advice {
	return Advice{For: to, Where: where, Lines: lines}
}

// A remedy is the advice for a problem: what each proxy needs.
type remedy []Advice

// advise returns the advice for the proxy that was recognized, or for each.
func (d *diagnosis) advise(all remedy, more ...Advice) []Advice {
	return append(slices.DeleteFunc(slices.Clone(all), func(a Advice) bool { return d.software != "" && a.For != d.software }), more...)
}

// server returns the advice to start partyline with flags.
func server(flags string) Advice {
	return Advice{For: partyline, Where: "to its flags", Lines: []string{flags}}
}

// or returns an advice as an alternative to those before it.
func or(a Advice) Advice {
	a.Or = true
	return a
}

const (
	inLocation = "in the location of partyline"
	inHeaders  = "where the other proxy_set_header lines of partyline are" // nginx joins no levels of them
	inProxy    = "in reverse_proxy"
	inFrontend = "in the frontend"
	inBackend  = "in the backend"
)

var (
	remedyVersion = remedy{
		add(nginx, inLocation, "proxy_http_version 1.1;"),
		add(caddy, inProxy, "transport http {", "    versions 1.1", "}"),
		add(haproxy, "it passes on the version of its client: look for a proxy before it"),
	}
	remedyUpgrade = remedy{
		add(nginx, inHeaders, "proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`),
		add(caddy, "it forwards WebSockets, unless header_up removes Upgrade or Connection: delete that line"),
		add(haproxy, "it forwards WebSockets in mode http, unless http-request removes Upgrade or Connection: delete that line"),
	}
	remedyHost = remedy{
		add(nginx, inHeaders, "proxy_set_header Host $http_host;"),
		add(caddy, inProxy, "header_up Host {hostport}"),
		add(haproxy, "it forwards the Host, unless http-request replaces it: delete that line"),
	}
	remedyTimeout = remedy{
		add(nginx, inLocation, "proxy_read_timeout 90s;"),
		add(caddy, inProxy, "transport http {", "    read_timeout 90s", "}"),
		add(haproxy, inBackend, "timeout tunnel 90s"),
	}
	remedyBuffering = remedy{
		add(nginx, inLocation, "proxy_buffering off;"),
		add(caddy, inProxy, "flush_interval -1"),
		add(haproxy, inBackend, "option http-no-delay"),
	}
	remedyScheme = remedy{
		add(nginx, inHeaders, "proxy_set_header X-Forwarded-Proto $scheme;"),
		add(caddy, inProxy, "header_up X-Forwarded-Proto {scheme}"),
		add(haproxy, inFrontend, "http-request set-header X-Forwarded-Proto https if { ssl_fc }", "http-request set-header X-Forwarded-Proto http if !{ ssl_fc }"),
	}
	remedyPROXY = remedy{
		add(nginx, "in the server of stream", "proxy_protocol on;"),
		add(haproxy, "in the server line", "send-proxy-v2"),
	}

	// remedyClient has the remedies for each value of --proxy-header.
	remedyClient = map[string]remedy{
		"X-Forwarded-For": {
			add(nginx, inHeaders, "proxy_set_header X-Forwarded-For $remote_addr;"),
			add(caddy, inProxy, "header_up X-Forwarded-For {remote_host}"),
			add(haproxy, inFrontend, "http-request set-header X-Forwarded-For %[src]"),
		},
		"X-Real-IP": {
			add(nginx, inHeaders, "proxy_set_header X-Real-IP $remote_addr;"),
			add(caddy, inProxy, "header_up X-Real-IP {remote_host}"),
			add(haproxy, inFrontend, "http-request set-header X-Real-IP %[src]"),
		},
		"Forwarded": {
			add(nginx, inHeaders, `proxy_set_header Forwarded "for=\"$remote_addr\";proto=$scheme";`),
			add(caddy, inProxy, `header_up Forwarded "for={remote};proto={scheme}"`),
			add(haproxy, inFrontend, `http-request set-header Forwarded for="%[src]";proto=https if { ssl_fc }`,
				`http-request set-header Forwarded for="%[src]";proto=http if !{ ssl_fc }`),
		},
		"PROXY": {add(haproxy, "in the server line", "send-proxy-v2"), remedyPROXY[0]},
	}
)

// remedyUpstream is the advice to reach the server at an address, over TLS or without.
func remedyUpstream(scheme, local, haproxyLine string) remedy {
	return remedy{
		add(nginx, inLocation, "proxy_pass "+scheme+"://"+local+";"),
		add(caddy, "in the site", "reverse_proxy "+scheme+"://"+local),
		add(haproxy, inBackend, haproxyLine),
	}
}

// remedyPrefix is the advice to strip a prefix from paths.
func remedyPrefix(prefix, local string) remedy {
	return remedy{
		add(nginx, "in location "+prefix+"/", "proxy_pass http://"+local+"/;"),
		add(caddy, "around reverse_proxy", "handle_path "+prefix+"/* {", "    reverse_proxy "+local, "}"),
		add(haproxy, inBackend, "http-request replace-path "+prefix+`(/.*) \1`),
	}
}
