import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionDown } from "../static/net/connection.js";
import { Outbox } from "../static/net/outbox.js";

const minute = 60_000;

// setUp returns an outbox with a fake connection, store, log and clock. answer(text, reply)
// answers the first unanswered request with a text. An error event rejects the request.
function setUp({ saved = [] } = {}) {
  const s = { written: [], unanswered: [], takenBack: [], newest: 0, time: 1_000_000, set: 0, room: "lobby", full: false };
  s.connection = {
    state: "closed",
    request: (request) => {
      s.written.push(request);
      return new Promise((resolve, reject) => s.unanswered.push({ request, resolve, reject }));
    },
  };
  s.store = { saved, load: () => structuredClone(s.store.saved), save: (items) => (s.store.saved = structuredClone(items)) };
  s.outbox = new Outbox({
    connectionOf: (room) => (room === s.room ? s.connection : undefined),
    store: s.store,
    takeBack: ({ typed }) => !s.full && s.takenBack.push(typed) > 0,
    has: (room, id) => id <= s.newest,
    onChange: () => {},
    clock: () => ({ date: s.time + s.set, steady: s.time }),
  });
  s.say = (text) => s.outbox.say({ type: "say", text }, s.room, text);
  s.connect = (room = s.room) => {
    s.room = room;
    s.connection.state = "open";
    s.outbox.enter(room);
  };
  s.disconnect = async () => {
    s.connection.state = "waiting";
    for (const { reject } of s.unanswered.splice(0)) reject(new ConnectionDown());
    await settled();
    s.outbox.dropSaid(s.room);
  };
  s.answer = async (text, reply) => {
    const i = s.unanswered.findIndex(({ request }) => request.text === text);
    const [{ resolve, reject }] = s.unanswered.splice(i, 1);
    if (reply.type === "error") reject(reply);
    else resolve(reply);
    await settled();
  };
  s.shows = (room = s.room) => s.outbox.of(room).map(({ request, state }) => `${request.text} ${state}`);
  s.texts = () => s.written.map(({ text }) => text);
  return s;
}

const settled = () => new Promise((done) => setTimeout(done));
const ack = (id) => ({ type: "ack", id });
const refusal = (code) => ({ type: "error", code, message: "no" });

test("a message is pending until the log shows it: the ack comes first", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  assert.deepEqual(s.shows(), ["a sending"]);
  await s.answer("a", ack(5));
  assert.deepEqual(s.shows(), ["a said"]);
  s.newest = 4;
  s.outbox.dropShown(s.room);
  assert.deepEqual(s.shows(), ["a said"]);
  s.newest = 5;
  s.outbox.dropShown(s.room);
  assert.deepEqual(s.shows(), []);
});

test("a message is pending until the log shows it: the message comes first", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  s.newest = 5;
  s.outbox.dropShown(s.room);
  await s.answer("a", ack(5));
  assert.deepEqual(s.shows(), []);
});

test("a message that is not stored counts as said", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  s.newest = 5;
  await s.answer("a", { type: "notice", code: "unstored", id: 5, message: "the disk is full" });
  assert.deepEqual(s.shows(), []);
  await s.disconnect();
  s.connect();
  assert.deepEqual(s.texts(), ["a"]);
});

test("an ack without an id is enough", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  await s.answer("a", { type: "ack" });
  assert.deepEqual(s.shows(), []);
});

test("messages typed without a connection are sent in order, before later ones", async () => {
  const s = setUp();
  s.say("a");
  s.say("b");
  assert.deepEqual(s.shows(), ["a waiting", "b waiting"]);
  assert.deepEqual(s.written, []);
  s.connect();
  s.say("c");
  assert.deepEqual(s.texts(), ["a", "b", "c"]);
  assert.equal(new Set(s.written.map(({ key }) => key)).size, 3);
});

test("unanswered messages are sent again with their keys, in order", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  s.say("b");
  s.say("c");
  await s.answer("b", ack(1));
  await s.disconnect();
  s.say("d");
  assert.deepEqual(s.shows(), ["a waiting", "c waiting", "d waiting"]);
  s.connect();
  const again = s.written.slice(3);
  assert.deepEqual(again.map(({ text }) => text), ["a", "c", "d"]);
  assert.equal(again[0].key, s.written[0].key);
  assert.equal(again[1].key, s.written[2].key);
});

test("a message whose key the server may have dropped is not sent again automatically", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  await s.disconnect();
  s.say("b");
  s.time += 9 * minute;
  s.connect();
  assert.deepEqual(s.shows(), ["a failed", "b sending"]);
  assert.match(s.outbox.of("lobby")[0].why, /^Perhaps not sent/);
  assert.deepEqual(s.texts(), ["a", "b"]);
});

test("a message that was never sent does not expire", async () => {
  const s = setUp();
  s.say("a");
  s.time += 1000 * minute;
  s.connect();
  assert.deepEqual(s.texts(), ["a"]);
  s.time += 5 * minute;
  await s.disconnect();
  s.connect();
  assert.deepEqual(s.texts(), ["a", "a"]);
  s.time += 5 * minute; // since the second attempt, but the room may have the first
  await s.disconnect();
  s.connect();
  assert.deepEqual(s.shows(), ["a failed"]);
});

test("a refused message can be sent again with its key, or discarded", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  s.say("b");
  await s.answer("a", refusal("unavailable"));
  await s.answer("b", refusal("unavailable"));
  assert.deepEqual(s.shows(), ["a failed", "b failed"]);
  assert.equal(s.outbox.of("lobby")[0].why, "Not sent: no");
  assert.deepEqual(s.takenBack, []);
  const [a, b] = s.outbox.of("lobby");
  s.outbox.retry(a);
  s.outbox.retry(a); // a second click
  s.outbox.discard(b);
  assert.equal(s.written.length, 3);
  assert.deepEqual(s.shows(), ["a sending"]);
  assert.equal(s.written[2].key, s.written[0].key);
  assert.equal("why" in s.outbox.of("lobby")[0], false);
});

test("a retry without a connection waits for it", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  await s.answer("a", refusal("unavailable"));
  await s.disconnect();
  s.outbox.retry(s.outbox.of("lobby")[0]);
  assert.deepEqual(s.shows(), ["a waiting"]);
  s.connect();
  assert.deepEqual(s.texts(), ["a", "a"]);
});

test("a failed message is not sent with the waiting ones", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  await s.answer("a", refusal("unavailable"));
  await s.disconnect();
  s.connect();
  assert.deepEqual(s.texts(), ["a"]);
});

test("a text that cannot be accepted returns to the composer if that is empty", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  s.say("b");
  await s.answer("a", refusal("line_too_long"));
  assert.deepEqual(s.takenBack, ["a"]);
  s.full = true;
  await s.answer("b", refusal("line_too_long"));
  assert.deepEqual(s.shows(), ["b failed"]);
});

test("a message fails after three lost connections", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(s.shows(), ["a sending"]);
    await s.disconnect();
    s.connect();
  }
  assert.deepEqual(s.shows(), ["a failed"]);
  assert.equal(s.written.length, 3);
});

test("a message is sent to the room in which it was typed", async () => {
  const s = setUp();
  s.say("a");
  s.connect("ops");
  assert.deepEqual(s.shows("ops"), []);
  assert.deepEqual(s.written, []);
  assert.deepEqual(s.shows("lobby"), ["a waiting"]);
  s.connect("lobby");
  assert.deepEqual(s.texts(), ["a"]);
});

test("a message for a room that the reader has left is dropped at its ack", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  s.connect("ops");
  await s.answer("a", ack(500));
  assert.deepEqual(s.shows("lobby"), []);
});

test("a message for a room that cannot be entered fails", () => {
  const s = setUp();
  s.room = "no such";
  s.say("a");
  s.outbox.move("no such", "lobby");
  s.connect("lobby");
  assert.deepEqual(s.shows(), ["a failed"]);
  assert.deepEqual(s.written, []);
});

test("a reload keeps the unsaid messages and sends them with their keys", async () => {
  const s = setUp();
  s.connect();
  for (const text of ["said", "refused", "unanswered"]) s.say(text);
  await s.answer("said", ack(9));
  await s.answer("refused", refusal("unavailable"));
  s.connection.state = "waiting";
  s.say("waiting");

  const t = setUp({ saved: s.store.saved });
  assert.deepEqual(t.shows(), ["refused failed", "unanswered waiting", "waiting waiting"]);
  t.connect();
  assert.deepEqual(t.texts(), ["unanswered", "waiting"]);
  assert.equal(t.written[0].key, s.written[2].key);
  await t.answer("unanswered", { type: "ack" });
  await t.answer("waiting", { type: "ack" });
  t.outbox.discard(t.outbox.of("lobby")[0]);
  assert.deepEqual(t.store.saved, []);
});

test("a reload does not renew an old message", async () => {
  const s = setUp();
  s.connect();
  s.say("a");
  const t = setUp({ saved: s.store.saved });
  t.time += 9 * minute;
  t.connect();
  assert.deepEqual(t.shows(), ["a failed"]);
});

test("no clock renews an old message", async () => {
  for (const [why, pass] of Object.entries({
    "the clock is set back": (s) => {
      s.time += 9 * minute;
      s.set -= 60 * minute;
    },
    "the machine sleeps": (s) => (s.set += 9 * minute),
  })) {
    const s = setUp();
    s.connect();
    s.say("a");
    await s.disconnect();
    pass(s);
    s.connect();
    assert.deepEqual(s.shows(), ["a failed"], why);
  }
  const s = setUp();
  s.connect();
  s.say("a");
  const t = setUp({ saved: s.store.saved });
  t.time -= minute; // set back, then a reload: the age is unknown
  t.connect();
  assert.deepEqual(t.shows(), ["a failed"]);
});
