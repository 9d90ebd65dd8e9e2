package clients

import "syscall"

// clients are the clients to test. TestClients adds a way to each in which it is killed.
var clients = []client{
	{folder: "netcat-openbsd", main: true, program: "nc.openbsd", stays: "listen", ways: []way{
		{start: "shut", reads: true},
		{start: "close"},
		{start: "timeout", slow: true},
		interrupted("listen"),
	}},
	{folder: "netcat-traditional", program: "nc.traditional", stays: "listen", ways: []way{
		{start: "shut", reads: true},
		{start: "close"},
		{start: "timeout", slow: true},
		interrupted("listen"),
	}},
	{folder: "ncat", program: "ncat", stays: "listen", ways: []way{
		{start: "shut", reads: true},
		{start: "close"},
		{start: "timeout", slow: true},
		interrupted("listen"),
	}},
	{folder: "socat", program: "socat", stays: "listen", ways: []way{
		{start: "shut", reads: true},
		{start: "brief", slow: true},
		{start: "close"},
		{start: "send"},
		{start: "drop"},
		interrupted("listen"),
	}},
	{folder: "busybox", program: "busybox", stays: "shut", ways: []way{
		{start: "shut", reads: true},
		interrupted("shut"),
	}},
	{folder: "bash", program: "bash", stays: "listen", ways: []way{
		{start: "redirect"},
		{start: "close"},
		{start: "exit", loses: true},
	}},
	{folder: "curl", program: "curl", stays: "listen", blocks: true, ways: []way{
		{start: "timeout", slow: true},
		interrupted("listen"),
	}},
	{folder: "telnet", program: "telnet", name: "telnet in a pipe", stays: "pipe", ways: []way{
		{start: "pipe", end: endOfInput, late: true, loses: true},
	}},
	{folder: "telnet", program: "telnet", name: "telnet on a terminal", main: true, terminal: true, stays: "terminal", ways: []way{
		{start: "terminal", name: "quit", end: types("\x1d", "quit\n")},
		{start: "terminal", name: "close", end: types("\x1d", "close\n")},
		{start: "terminal", name: "terminal closed", end: endOfInput, late: true, loses: true},
	}},
	{folder: "plink", program: "plink", name: "plink -raw", stays: "raw", ways: []way{
		{start: "raw", reads: true},
		interrupted("raw"),
	}},
	{folder: "plink", program: "plink", name: "plink -telnet", stays: "telnet", ways: []way{
		interrupted("telnet"),
	}},
	{folder: "tintin++", program: "/usr/games/tt++", terminal: true, stays: "session", ways: []way{
		{start: "session", name: "zap", end: types("#zap\n", "#end\n"), loses: true},
		{start: "session", name: "end", end: types("#end\n"), loses: true},
	}},
	{folder: "python-websockets", program: "/usr/bin/python3", module: "websockets", script: "client.py", stays: "listen", ways: []way{
		{start: "close"},
		{start: "drop", loses: true},
		{start: "exit", loses: true},
	}},
	{folder: "ws", main: true, program: "node", module: "ws", script: "client.js", stays: "listen", ways: []way{
		{start: "close"},
		{start: "drop", loses: true},
		{start: "exit", loses: true},
	}},
	{folder: "faye-websocket", program: "node", module: "faye-websocket", script: "client.js", stays: "listen", ways: []way{
		{start: "close"},
		{start: "exit", loses: true},
	}},
	{folder: "coder", program: "go", script: "main.go", stays: "listen", ways: []way{
		{start: "close"},
		{start: "drop", loses: true},
		{start: "exit", loses: true},
	}},
	{folder: "gorilla", program: "go", script: "main.go", stays: "listen", ways: []way{
		{start: "close"},
		{start: "drop", loses: true},
		{start: "reset", loses: true},
		{start: "exit", loses: true},
	}},
}

// interrupted returns a way in which the client receives SIGINT, as from Ctrl-C.
func interrupted(start string) way {
	return way{start: start, name: "interrupted", end: signals(syscall.SIGINT), late: true, loses: true}
}
