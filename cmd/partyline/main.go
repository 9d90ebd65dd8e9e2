// Command partyline is a chat room server for netcat and browsers.
package main

import "partyline/cmd/partyline/internal/app"

// version is set by the linker in a release.
var version = "dev"

func main() { app.Main(version) }
