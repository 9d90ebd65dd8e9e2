import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../static/connection.js";

const second = 1_000;
const hour = 3_600 * second;

// setUp returns a connection with fake sockets, clocks and timers.
function setUp(t) {
  const s = { date: 1e12, steady: 0, sockets: [], events: [], states: [] };
  const timers = new Map();
  let last = 0;
  t.mock.method(globalThis, "setTimeout", (f, ms) => {
    timers.set(++last, { f, at: s.steady + ms });
    return last;
  });
  t.mock.method(globalThis, "clearTimeout", (id) => timers.delete(id));
  t.mock.method(Date, "now", () => s.date);
  t.mock.method(performance, "now", () => s.steady);
  t.mock.method(Math, "random", () => 0.999);
  globalThis.WebSocket = class {
    constructor() {
      s.sockets.push(this);
    }
    sent = [];
    send(frame) {
      this.sent.push(JSON.parse(frame));
    }
    close() {}
  };
  s.connection = new Connection({
    address: () => "ws://x/",
    resume: () => ({ token: "secret", room: "ops", since: null }),
    onEvent: (event) => s.events.push(event),
    onState: (...state) => s.states.push(state),
  });
  s.advance = (ms) => {
    for (let left = ms; left > 0; left -= 100) {
      s.date += 100;
      s.steady += 100;
      for (const [id, { f, at }] of timers) {
        if (at <= s.steady && timers.delete(id)) f();
      }
    }
  };
  s.reconnect = () => {
    for (const n = s.sockets.length; s.sockets.length === n; ) s.advance(100);
  };
  s.receive = (event) => s.sockets.at(-1).onmessage({ data: JSON.stringify(event) });
  // resume opens the newest socket, and receives what a server sends before it has read anything.
  s.resume = () => {
    s.sockets.at(-1).onopen();
    s.receive({ type: "welcome", room: "lobby" });
  };
  s.welcome = () => s.receive({ type: "welcome", room: "ops", ref: s.sockets.at(-1).sent[0].ref });
  s.open = () => {
    s.connection.connect();
    s.resume();
    s.welcome();
  };
  return s;
}

test("a silent connection is lost after a minute", (t) => {
  const s = setUp(t);
  s.open();
  s.advance(59 * second);
  s.receive({ type: "ping" });
  s.advance(59 * second);
  assert.equal(s.connection.state, "open");
  s.advance(second);
  assert.equal(s.connection.state, "waiting");
  s.advance(second);
  assert.equal(s.sockets.length, 2);
});

test("a silent connection is lost after a minute although the clock is set back", (t) => {
  const s = setUp(t);
  s.open();
  s.date -= hour;
  s.advance(60 * second);
  assert.equal(s.connection.state, "waiting");
});

test("an attempt to connect times out after 20 seconds although the clock is set back", (t) => {
  const s = setUp(t);
  s.connection.connect();
  s.date -= hour;
  s.advance(20 * second);
  assert.equal(s.connection.state, "waiting");
});

test("a connection that was silent while the machine slept is replaced when it wakes", (t) => {
  const s = setUp(t);
  s.open();
  s.date += 30 * second; // asleep: the timers and the steady clock stop
  s.connection.wake();
  assert.equal(s.sockets.length, 1);
  s.date += 30 * second;
  s.connection.wake();
  assert.equal(s.sockets.length, 2);
});

test("the pause that the server requests ends although the clock is set back", (t) => {
  const s = setUp(t);
  s.open();
  s.receive({ type: "bye", reason: "shutdown", after_ms: 10 * second });
  s.date -= hour;
  s.advance(9 * second);
  s.connection.wake();
  assert.equal(s.sockets.length, 1);
  s.advance(second);
  s.connection.wake();
  assert.equal(s.sockets.length, 2);
});

test("a stable connection resets the backoff although the clock is set back", (t) => {
  const s = setUp(t);
  s.connection.connect();
  for (let i = 0; i < 8; i++) {
    s.sockets.at(-1).onclose({ code: 1006 });
    s.reconnect();
  }
  s.resume();
  s.welcome();
  s.date -= hour;
  s.advance(10 * second);
  const attempts = s.sockets.length;
  s.sockets.at(-1).onclose({ code: 1006 });
  s.advance(second);
  assert.equal(s.sockets.length, attempts + 1);
});

test("the first request is a resume, and what comes before its answer is dropped", (t) => {
  const s = setUp(t);
  s.connection.connect();
  s.resume();
  const [{ ref, ...first }] = s.sockets[0].sent;
  assert.deepEqual(first, { type: "resume", token: "secret", room: "ops", since: null });
  s.receive({ type: "message", room: "lobby", id: 1 });
  assert.equal(s.connection.state, "connecting");
  s.welcome();
  assert.equal(s.connection.state, "open");
  s.receive({ type: "message", room: "ops", id: 2 });
  assert.deepEqual(s.events, [
    { type: "welcome", room: "ops" },
    { type: "message", room: "ops", id: 2 },
  ]);
});

test("a server that refuses the resume is asked again later", (t) => {
  const s = setUp(t);
  s.connection.connect();
  s.resume();
  s.receive({ type: "error", code: "bad_request", ref: s.sockets[0].sent[0].ref });
  assert.equal(s.connection.state, "waiting");
  s.reconnect();
  assert.equal(s.sockets.length, 2);
});

test("a connection that another tab resumes stays closed", (t) => {
  const s = setUp(t);
  s.open();
  s.receive({ type: "bye", reason: "resumed", reconnect: false });
  assert.deepEqual(s.states.at(-1), ["closed", "resumed"]);
  s.connection.wake();
  s.advance(60 * second);
  assert.equal(s.sockets.length, 1);
  s.open(); // the reader wants to continue here
  assert.equal(s.connection.state, "open");
});

test("a connection that a late resume of its own ends is opened again, once", (t) => {
  const s = setUp(t);
  s.open();
  s.sockets.at(-1).onclose({ code: 1006 });
  s.reconnect();
  s.resume();
  s.sockets.at(-1).onclose({ code: 1006 }); // the server has the resume, and its answer is lost
  s.reconnect();
  s.resume();
  s.welcome();
  s.receive({ type: "bye", reason: "resumed", reconnect: false });
  assert.equal(s.connection.state, "waiting");
  s.reconnect();
  s.resume();
  s.welcome();
  s.receive({ type: "bye", reason: "resumed", reconnect: false });
  assert.equal(s.connection.state, "closed");
});

test("a resume that was lost long ago does not count", (t) => {
  const s = setUp(t);
  s.connection.connect();
  s.resume();
  s.sockets.at(-1).onclose({ code: 1006 });
  s.reconnect();
  s.resume();
  s.welcome();
  s.date += 60 * second;
  s.receive({ type: "bye", reason: "resumed", reconnect: false });
  assert.equal(s.connection.state, "closed");
});
