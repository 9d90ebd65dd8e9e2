// Sends each line of its standard input over node's ws, and prints the messages that it
// receives. Its argument selects what it does at the end of its input.
"use strict";
const readline = require("readline");
const WebSocket = require("ws");

const ws = new WebSocket(process.env.URL);
ws.on("message", (data) => console.log(data.toString()));
ws.on("close", (code) => console.log("closed", code));
ws.on("open", () => {
	const lines = readline.createInterface({ input: process.stdin });
	lines.on("line", (line) => ws.send(line));
	lines.on("close", () => {
		switch (process.argv[2]) {
			case "close": return ws.close(1000); // with a closing handshake
			case "drop": return ws.terminate(); // without a closing handshake
			case "exit": return process.exit();
		}
	});
});
