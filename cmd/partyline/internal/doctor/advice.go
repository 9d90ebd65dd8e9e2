package doctor

import "slices"

// The names of programs in advice.
const (
	nginx     = "nginx"
	caddy     = "Caddy"
	haproxy   = "HAProxy"
	partyline = "partyline"
)

// A remedy is the advice for a problem: what each proxy needs.
type remedy []Advice

// advise returns the advice for the proxy that was recognized, or for each.
func (d *diagnosis) advise(all remedy, more ...Advice) []Advice {
	return append(slices.DeleteFunc(slices.Clone(all), func(a Advice) bool { return d.software != "" && a.For != d.software }), more...)
}

// server returns the advice to start partyline with flags.
func server(where, flags string) Advice { return Advice{partyline, where, []string{flags}} }

const (
	inLocation = "in the location of partyline"
	inProxy    = "in reverse_proxy"
	inFrontend = "in the frontend"
	inBackend  = "in the backend"
)

var (
	remedyVersion = remedy{
		{nginx, inLocation, []string{"proxy_http_version 1.1;"}},
		{caddy, inProxy, []string{"transport http {", "    versions 1.1", "}"}},
		{haproxy, "it passes on the version of its client: look for a proxy before it", nil},
	}
	remedyUpgrade = remedy{
		{nginx, inLocation, []string{"proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`}},
		{caddy, "it forwards WebSockets unless told otherwise; " + inProxy, []string{"header_up Upgrade {header.Upgrade}", "header_up Connection {header.Connection}"}},
		{haproxy, "it forwards WebSockets in", []string{"mode http"}},
	}
	remedyHost = remedy{
		{nginx, inLocation, []string{"proxy_set_header Host $http_host;"}},
		{caddy, inProxy, []string{"header_up Host {hostport}"}},
		{haproxy, "it forwards the Host unless told otherwise; delete", []string{"http-request set-header Host ..."}},
	}
	remedyTimeout = remedy{
		{nginx, inLocation, []string{"proxy_read_timeout 90s;"}},
		{caddy, inProxy, []string{"transport http {", "    read_timeout 90s", "}"}},
		{haproxy, inBackend, []string{"timeout tunnel 90s"}},
	}
	remedyBuffering = remedy{
		{nginx, inLocation, []string{"proxy_buffering off;"}},
		{caddy, inProxy, []string{"flush_interval -1"}},
		{haproxy, "it holds nothing back; look for another proxy", nil},
	}
	remedyScheme = remedy{
		{nginx, inLocation, []string{"proxy_set_header X-Forwarded-Proto $scheme;"}},
		{caddy, inProxy, []string{"header_up X-Forwarded-Proto {scheme}"}},
		{haproxy, inFrontend, []string{"http-request set-header X-Forwarded-Proto https if { ssl_fc }", "http-request set-header X-Forwarded-Proto http if !{ ssl_fc }"}},
	}
	remedyPROXY = remedy{
		{nginx, "in the server of stream", []string{"proxy_protocol on;"}},
		{haproxy, "in the server line", []string{"send-proxy-v2"}},
	}

	// remedyClient has the remedies for each value of --proxy-header.
	remedyClient = map[string]remedy{
		"X-Forwarded-For": {
			{nginx, inLocation, []string{"proxy_set_header X-Forwarded-For $remote_addr;"}},
			{caddy, inProxy, []string{"header_up X-Forwarded-For {remote_host}"}},
			{haproxy, inFrontend, []string{"http-request set-header X-Forwarded-For %[src]"}},
		},
		"X-Real-IP": {
			{nginx, inLocation, []string{"proxy_set_header X-Real-IP $remote_addr;"}},
			{caddy, inProxy, []string{"header_up X-Real-IP {remote_host}"}},
			{haproxy, inFrontend, []string{"http-request set-header X-Real-IP %[src]"}},
		},
		"Forwarded": {
			{nginx, inLocation, []string{`proxy_set_header Forwarded "for=\"$remote_addr\";proto=$scheme";`}},
			{caddy, inProxy, []string{`header_up Forwarded "for={remote};proto={scheme}"`}},
			{haproxy, inFrontend, []string{
				`http-request set-header Forwarded for="%[src]";proto=https if { ssl_fc }`,
				`http-request set-header Forwarded for="%[src]";proto=http if !{ ssl_fc }`,
			}},
		},
		"PROXY": {{haproxy, "in the server line", []string{"send-proxy-v2"}}, remedyPROXY[0]},
	}
)

// remedyUpstream is the advice to reach the server at an address, over TLS or without.
func remedyUpstream(scheme, local, haproxyLine string) remedy {
	return remedy{
		{nginx, inLocation, []string{"proxy_pass " + scheme + "://" + local + ";"}},
		{caddy, "in the site", []string{"reverse_proxy " + scheme + "://" + local}},
		{haproxy, inBackend, []string{haproxyLine}},
	}
}

// remedyPrefix is the advice to strip a prefix from paths.
func remedyPrefix(prefix, local string) remedy {
	return remedy{
		{nginx, "in location " + prefix + "/, with the slash at the end", []string{"proxy_pass http://" + local + "/;"}},
		{caddy, "around reverse_proxy", []string{"handle_path " + prefix + "/* {", "    reverse_proxy " + local, "}"}},
		{haproxy, inBackend, []string{"http-request replace-path " + prefix + `(/.*) \1`}},
	}
}
