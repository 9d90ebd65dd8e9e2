// Sends each line of its standard input over faye-websocket, and prints the messages that it
// receives. Its argument selects what it does at the end of its input.
"use strict";
const readline = require("readline");
const { Client } = require("faye-websocket");

const ws = new Client(process.env.URL);
ws.on("message", (event) => console.log(event.data));
ws.on("close", (event) => {
	console.log("closed", event.code);
	process.exit();
});
ws.on("open", () => {
	const lines = readline.createInterface({ input: process.stdin });
	lines.on("line", (line) => ws.send(line));
	lines.on("close", () => {
		switch (process.argv[2]) {
			case "close": return ws.close(); // with a closing handshake
			case "exit": return process.exit();
		}
	});
});
