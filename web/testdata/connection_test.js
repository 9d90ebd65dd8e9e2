import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../static/net/connection.js";

const second = 1_000;
const minute = 60 * second;
const hour = 3_600 * second;

const at = "2026-11-28T12:00:00.000Z";
const message = (id, text) => ({ type: "message", id, at, from: "bob", text });
const welcome = (nick, fields) => ({ type: "welcome", room: "lobby", nick, members: [], count: 1, ...fields });

// setUp returns a connection with fake sockets, clocks and timers.
function setUp(t) {
  const s = { date: 1e12, steady: 0, sockets: [], events: [], states: [], fields: {} };
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
    sent = [];
    constructor(url) {
      this.url = url;
      s.sockets.push(this);
    }
    send(frame) {
      this.sent.push(JSON.parse(frame));
    }
    close() {
      this.closed = true;
    }
  };
  s.connection = new Connection({
    address: "ws://x/ws",
    explain: async () => s.why ?? null,
    resume: () => s.fields,
    onEvent: (event) => s.events.push(event),
    onState: () => s.states.push([s.connection.state, s.connection.reason]),
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
    s.receive(welcome("guest-x7k2"));
  };
  s.enter = () => {
    s.resume();
    s.receive(welcome("alice", { ref: "resume" }));
  };
  s.open = () => {
    s.connection.connect();
    s.enter();
  };
  return s;
}

test("a silent connection is lost after 35 s", (t) => {
  const s = setUp(t);
  s.open();
  s.advance(34 * second);
  s.receive({ type: "ping" });
  s.advance(34 * second);
  assert.equal(s.connection.state, "open");
  s.advance(second);
  assert.equal(s.connection.state, "waiting");
  s.advance(second);
  assert.equal(s.sockets.length, 2);
});

test("a silent connection is lost after 35 s although the clock is set back", (t) => {
  const s = setUp(t);
  s.open();
  s.date -= hour;
  s.advance(35 * second);
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
  s.enter();
  s.date -= hour;
  s.advance(10 * second);
  const attempts = s.sockets.length;
  s.sockets.at(-1).onclose({ code: 1006 });
  s.advance(second);
  assert.equal(s.sockets.length, attempts + 1);
});

test("each connection starts with a resume, and its address is the same", (t) => {
  const s = setUp(t);
  s.fields = { nick: "alice", room: "ops", token: undefined };
  s.open();
  s.fields = { token: "t", nick: "alice", room: "ops", since: 7 };
  s.sockets.at(-1).onclose({ code: 1006 });
  s.reconnect();
  s.enter();
  assert.deepEqual(s.sockets.map(({ url }) => url), ["ws://x/ws", "ws://x/ws"]);
  assert.deepEqual(s.sockets.map(({ sent }) => sent), [
    [{ type: "resume", ref: "resume", nick: "alice", room: "ops" }],
    [{ type: "resume", ref: "resume", token: "t", nick: "alice", room: "ops", since: 7 }],
  ]);
});

test("a connection is open after the answer to the resume, and passes on no earlier event", (t) => {
  const s = setUp(t);
  s.connection.connect();
  s.resume();
  s.receive(message(3, "in the lobby"));
  assert.equal(s.connection.state, "connecting");
  s.receive(welcome("alice", { ref: "resume", token: "t", resumed: true }));
  assert.equal(s.connection.state, "open");
  s.receive(message(8, "in the room"));
  assert.deepEqual(s.events, [
    welcome("alice", { token: "t", resumed: true }),
    message(8, "in the room"),
  ]);
});

test("a connection whose resume is refused is closed with the reason", (t) => {
  const s = setUp(t);
  s.connection.connect();
  s.resume();
  s.receive({ type: "error", ref: "resume", code: "bad_request", message: "room is no string" });
  assert.deepEqual(s.states.at(-1), ["closed", "room is no string"]);
  s.advance(hour);
  assert.equal(s.sockets.length, 1);
});

test("a connection that another tab has resumed does not reconnect by itself", (t) => {
  const s = setUp(t);
  s.open();
  s.receive({ type: "bye", reason: "resumed", reconnect: false, after_ms: 0 });
  assert.deepEqual(s.states.at(-1), ["closed", "resumed"]);
  s.advance(hour);
  s.connection.wake();
  s.connection.renew();
  s.connection.suspend();
  s.connection.wake();
  assert.equal(s.sockets.length, 1);
  s.open();
  assert.equal(s.connection.state, "open");
});

test("a change of the network replaces a connection that seems to live", (t) => {
  const s = setUp(t);
  s.open();
  s.connection.wake();
  assert.equal(s.sockets.length, 1);
  s.connection.renew();
  assert.equal(s.sockets.length, 2);
  s.enter();
  assert.equal(s.connection.state, "open");
});

test("a change of the network does not shorten the pause that the server requests", (t) => {
  const s = setUp(t);
  s.open();
  s.receive({ type: "bye", reason: "shutdown", reconnect: true, after_ms: 10 * second });
  s.connection.renew();
  assert.equal(s.sockets.length, 1);
  s.advance(10 * second);
  s.connection.renew();
  assert.equal(s.sockets.length, 2);
});

test("a connection that a late resume of this page ends is opened again, once", (t) => {
  const s = setUp(t);
  const bye = { type: "bye", reason: "resumed", reconnect: false, after_ms: 0 };
  s.open();
  s.sockets.at(-1).onclose({ code: 1006 });
  s.reconnect();
  s.resume();
  s.connection.renew(); // the resume may still arrive
  s.enter();
  s.receive(bye);
  assert.equal(s.connection.state, "waiting");
  s.reconnect();
  s.enter();
  s.receive(bye);
  assert.equal(s.connection.state, "closed");
});

test("a resume that was lost long ago does not count", (t) => {
  const s = setUp(t);
  s.connection.connect();
  s.resume();
  s.sockets.at(-1).onclose({ code: 1006 });
  s.reconnect();
  s.enter();
  s.date += 60 * second;
  s.receive({ type: "bye", reason: "resumed", reconnect: false, after_ms: 0 });
  assert.equal(s.connection.state, "closed");
});

test("a connection that is replaced is closed when the next one has resumed", (t) => {
  const s = setUp(t);
  s.open();
  s.connection.renew();
  s.resume();
  assert.equal(s.sockets[0].closed, undefined);
  s.receive(welcome("alice", { ref: "resume" }));
  assert.deepEqual(s.sockets.map((socket) => socket.closed), [true, undefined]);
});

test("connections that did not resume are closed", (t) => {
  const s = setUp(t);
  s.connection.connect();
  for (let n = 0; n < 3; n++) s.connection.renew();
  assert.deepEqual(s.sockets.map((socket) => socket.closed), [true, true, undefined, undefined]);
  s.enter();
  s.connection.suspend();
  assert.ok(s.sockets.every((socket) => socket.closed));
});

test("a server that asks for a pause without end is asked again after ten minutes", (t) => {
  const s = setUp(t);
  s.open();
  s.receive({ type: "bye", reason: "shutdown", after_ms: 1e12 });
  s.advance(10 * minute - second);
  assert.equal(s.sockets.length, 1);
  s.advance(2 * second);
  assert.equal(s.sockets.length, 2);
});

for (const after_ms of ["1e12", -1e12, {}]) {
  test(`a pause of ${JSON.stringify(after_ms)} does not speed up reconnecting`, (t) => {
    const s = setUp(t);
    for (let n = 0; n < 10; n++) {
      s.connection.state === "closed" ? s.open() : (s.reconnect(), s.enter());
      s.receive({ type: "bye", reason: "shutdown", after_ms });
    }
    assert.ok(s.steady > minute, `${s.steady} ms`);
  });
}

test("a stored name without end does not keep the page from connecting", (t) => {
  const s = setUp(t);
  s.fields = { nick: "x".repeat(1e6), room: "y".repeat(201), token: "z".repeat(200), since: 7 };
  s.open();
  assert.deepEqual(s.sockets[0].sent, [{ type: "resume", ref: "resume", token: "z".repeat(200), since: 7 }]);
});

test("a refused WebSocket waits for as long as the server says, and shows why", async (t) => {
  const s = setUp(t);
  s.why = { message: "the server is full", after: 30 * second };
  s.connection.connect();
  s.sockets[0].onclose({ code: 1006 });
  await null;
  assert.deepEqual(s.states.at(-1), ["waiting", "the server is full"]);
  s.connection.wake();
  s.advance(30 * second - 100);
  assert.equal(s.sockets.length, 1);
  assert.ok(s.connection.wait > 0);
  s.advance(second);
  assert.equal(s.sockets.length, 2);
});

test("a connection that was open is not asked why it was lost", async (t) => {
  const s = setUp(t);
  s.open();
  s.why = { message: "the server is full", after: 30 * second };
  s.sockets[0].onclose({ code: 1006 });
  await null;
  assert.deepEqual(s.states.at(-1), ["waiting", undefined]);
});

test("an answer that comes after the next attempt has no effect", async (t) => {
  const s = setUp(t);
  s.why = { message: "the server is full", after: 30 * second };
  s.connection.connect();
  s.sockets[0].onclose({ code: 1006 });
  s.connection.connect();
  await null;
  assert.deepEqual(s.states.at(-1), ["connecting", undefined]);
});

test("a connection that does not answer a check is lost after 5 s", (t) => {
  const s = setUp(t);
  s.open();
  s.connection.check();
  assert.equal(s.sockets[0].sent.at(-1).type, "who");
  s.advance(5 * second);
  assert.equal(s.connection.state, "waiting");
});

test("a connection that answers a check stays", (t) => {
  const s = setUp(t);
  s.open();
  s.connection.check();
  s.connection.check();
  s.advance(second);
  s.receive({ type: "who", ref: s.sockets[0].sent.at(-1).ref, members: [], count: 1 });
  s.advance(10 * second);
  assert.equal(s.connection.state, "open");
  assert.equal(s.sockets[0].sent.filter(({ type }) => type === "who").length, 1);
});
