// Command partyline is a chat room server for netcat and browsers.
package main

import (
	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/build"
)

func main() { app.Main(build.Version()) }
