import assert from "node:assert/strict";
import { test } from "node:test";
import { Line } from "../static/line.js";

const second = 1_000;
const hour = 3_600 * second;

// stage is a line whose sockets, clocks and timers are in the test's hands.
function stage(t) {
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
  s.line = new Line({ address: () => "ws://x/", onEvent: () => {}, onState: () => {} });
  s.pass = (ms) => {
    for (let left = ms; left > 0; left -= 100) {
      s.date += 100;
      s.steady += 100;
      for (const [id, { f, at }] of timers) {
        if (at <= s.steady && timers.delete(id)) f();
      }
    }
  };
  s.redial = () => {
    for (const n = s.sockets.length; s.sockets.length === n; ) s.pass(100);
  };
  s.hear = (event) => s.sockets.at(-1).onmessage({ data: JSON.stringify(event) });
  s.open = () => {
    s.line.connect();
    s.hear({ type: "welcome" });
  };
  return s;
}

test("a silent link is left after a minute", (t) => {
  const s = stage(t);
  s.open();
  s.pass(59 * second);
  s.hear({ type: "ping" });
  s.pass(59 * second);
  assert.equal(s.line.state, "open");
  s.pass(second);
  assert.equal(s.line.state, "waiting");
  s.pass(second);
  assert.equal(s.sockets.length, 2);
});

test("a silent link is left after a minute though the clock is set back", (t) => {
  const s = stage(t);
  s.open();
  s.date -= hour;
  s.pass(60 * second);
  assert.equal(s.line.state, "waiting");
});

test("a dial without an answer ends after 20 seconds though the clock is set back", (t) => {
  const s = stage(t);
  s.line.connect();
  s.date -= hour;
  s.pass(20 * second);
  assert.equal(s.line.state, "waiting");
});

test("a link that was silent in a sleep is left when the machine wakes", (t) => {
  const s = stage(t);
  s.open();
  s.date += 30 * second; // asleep: neither the timers nor the other clock go on
  s.line.wake();
  assert.equal(s.sockets.length, 1);
  s.date += 30 * second;
  s.line.wake();
  assert.equal(s.sockets.length, 2);
});

test("the pause that the server asks for passes though the clock is set back", (t) => {
  const s = stage(t);
  s.open();
  s.hear({ type: "bye", reason: "shutdown", after_ms: 10 * second });
  s.date -= hour;
  s.pass(9 * second);
  s.line.wake();
  assert.equal(s.sockets.length, 1);
  s.pass(second);
  s.line.wake();
  assert.equal(s.sockets.length, 2);
});

test("a link that has lasted starts the pauses again though the clock is set back", (t) => {
  const s = stage(t);
  s.line.connect();
  for (let i = 0; i < 8; i++) {
    s.sockets.at(-1).onclose({ code: 1006 });
    s.redial();
  }
  s.hear({ type: "welcome" });
  s.date -= hour;
  s.pass(10 * second);
  const dialled = s.sockets.length;
  s.sockets.at(-1).onclose({ code: 1006 });
  s.pass(second);
  assert.equal(s.sockets.length, dialled + 1);
});
