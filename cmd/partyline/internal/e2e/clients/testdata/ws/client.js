// Says each line that it reads over node's ws, and prints what it hears.
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
			case "close": return ws.close(1000); // the closing handshake
			case "drop": return ws.terminate(); // the connection without it
			case "exit": return process.exit();
		}
	});
});
