import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../static/connection.js";

const second = 1_000;
const hour = 3_600 * second;

// setUp returns a connection with fake sockets, clocks and timers.
function setUp(t) {
  const s = { date: 1e12, steady: 0, sockets: [] };
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
    close() {}
  };
  s.connection = new Connection({ address: () => "ws://x/", onEvent: () => {}, onState: () => {} });
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
  s.open = () => {
    s.connection.connect();
    s.receive({ type: "welcome" });
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
  s.receive({ type: "welcome" });
  s.date -= hour;
  s.advance(10 * second);
  const attempts = s.sockets.length;
  s.sockets.at(-1).onclose({ code: 1006 });
  s.advance(second);
  assert.equal(s.sockets.length, attempts + 1);
});
