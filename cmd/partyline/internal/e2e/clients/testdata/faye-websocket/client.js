// Says each line that it reads over faye-websocket, and prints what it hears.
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
			case "close": return ws.close(); // the closing handshake
			case "exit": return process.exit();
		}
	});
});
