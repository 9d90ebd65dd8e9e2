import assert from "node:assert/strict";
import { test } from "node:test";
import { LineDown } from "../static/line.js";
import { Outbox } from "../static/outbox.js";

const minute = 60_000;

// stage is an outbox with everything around it in the test's hands. answer(text, reply)
// gives the first unanswered request with a text its answer, or with an Error or an error
// event its rejection.
function stage({ kept = [] } = {}) {
  const s = { written: [], asked: [], back: [], newest: 0, time: 1_000_000, set: 0, room: "lobby", full: false };
  s.line = {
    state: "closed",
    ask: (request) => {
      s.written.push(request);
      return new Promise((resolve, reject) => s.asked.push({ request, resolve, reject }));
    },
  };
  s.shelf = { kept, load: () => structuredClone(s.shelf.kept), save: (items) => (s.shelf.kept = structuredClone(items)) };
  s.outbox = new Outbox({
    line: s.line,
    shelf: s.shelf,
    takeBack: (typed) => !s.full && s.back.push(typed) > 0,
    has: (id) => id <= s.newest,
    onChange: () => {},
    clock: () => ({ date: s.time + s.set, steady: s.time }),
  });
  s.say = (text) => s.outbox.say({ type: "say", text }, s.room, text);
  s.up = (room = s.room) => {
    s.room = room;
    s.line.state = "open";
    s.outbox.enter(room);
  };
  s.down = async () => {
    s.line.state = "waiting";
    for (const { reject } of s.asked.splice(0)) reject(new LineDown());
    await settled();
    s.outbox.over();
  };
  s.answer = async (text, reply) => {
    const i = s.asked.findIndex(({ request }) => request.text === text);
    const [{ resolve, reject }] = s.asked.splice(i, 1);
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

test("a message is pending until the log has it: the ack first", async () => {
  const s = stage();
  s.up();
  s.say("a");
  assert.deepEqual(s.shows(), ["a sending"]);
  await s.answer("a", ack(5));
  assert.deepEqual(s.shows(), ["a said"]);
  s.newest = 4;
  s.outbox.arrived();
  assert.deepEqual(s.shows(), ["a said"]);
  s.newest = 5;
  s.outbox.arrived();
  assert.deepEqual(s.shows(), []);
});

test("a message is pending until the log has it: the message first", async () => {
  const s = stage();
  s.up();
  s.say("a");
  s.newest = 5;
  s.outbox.arrived();
  await s.answer("a", ack(5));
  assert.deepEqual(s.shows(), []);
});

test("a message that is heard and not stored was said", async () => {
  const s = stage();
  s.up();
  s.say("a");
  s.newest = 5;
  await s.answer("a", { type: "notice", code: "unstored", id: 5, message: "the disk is full" });
  assert.deepEqual(s.shows(), []);
  await s.down();
  s.up();
  assert.deepEqual(s.texts(), ["a"]);
});

test("an ack without an id is enough", async () => {
  const s = stage();
  s.up();
  s.say("a");
  await s.answer("a", { type: "ack" });
  assert.deepEqual(s.shows(), []);
});

test("what is typed while the line is down goes out in order, before what is typed later", async () => {
  const s = stage();
  s.say("a");
  s.say("b");
  assert.deepEqual(s.shows(), ["a waiting", "b waiting"]);
  assert.deepEqual(s.written, []);
  s.up();
  s.say("c");
  assert.deepEqual(s.texts(), ["a", "b", "c"]);
  assert.equal(new Set(s.written.map(({ key }) => key)).size, 3);
});

test("what got no answer goes out again under its key, in order", async () => {
  const s = stage();
  s.up();
  s.say("a");
  s.say("b");
  s.say("c");
  await s.answer("b", ack(1));
  await s.down();
  s.say("d");
  assert.deepEqual(s.shows(), ["a waiting", "c waiting", "d waiting"]);
  s.up();
  const again = s.written.slice(3);
  assert.deepEqual(again.map(({ text }) => text), ["a", "c", "d"]);
  assert.equal(again[0].key, s.written[0].key);
  assert.equal(again[1].key, s.written[2].key);
});

test("what the server may have forgotten is not sent again by itself", async () => {
  const s = stage();
  s.up();
  s.say("a");
  await s.down();
  s.say("b");
  s.time += 9 * minute;
  s.up();
  assert.deepEqual(s.shows(), ["a failed", "b sending"]);
  assert.match(s.outbox.of("lobby")[0].why, /^Perhaps not sent/);
  assert.deepEqual(s.texts(), ["a", "b"]);
});

test("the years of a message that was never written to a line don't count", async () => {
  const s = stage();
  s.say("a");
  s.time += 1000 * minute;
  s.up();
  assert.deepEqual(s.texts(), ["a"]);
  s.time += 5 * minute;
  await s.down();
  s.up();
  assert.deepEqual(s.texts(), ["a", "a"]);
  s.time += 5 * minute; // since the second writing, but the first may have been heard
  await s.down();
  s.up();
  assert.deepEqual(s.shows(), ["a failed"]);
});

test("a refused message can be tried again under its key, or discarded", async () => {
  const s = stage();
  s.up();
  s.say("a");
  s.say("b");
  await s.answer("a", refusal("unavailable"));
  await s.answer("b", refusal("unavailable"));
  assert.deepEqual(s.shows(), ["a failed", "b failed"]);
  assert.equal(s.outbox.of("lobby")[0].why, "Not sent: no");
  assert.deepEqual(s.back, []);
  const [a, b] = s.outbox.of("lobby");
  s.outbox.retry(a);
  s.outbox.retry(a); // as a second click does
  s.outbox.discard(b);
  assert.equal(s.written.length, 3);
  assert.deepEqual(s.shows(), ["a sending"]);
  assert.equal(s.written[2].key, s.written[0].key);
  assert.equal("why" in s.outbox.of("lobby")[0], false);
});

test("trying again while the line is down waits for it", async () => {
  const s = stage();
  s.up();
  s.say("a");
  await s.answer("a", refusal("unavailable"));
  await s.down();
  s.outbox.retry(s.outbox.of("lobby")[0]);
  assert.deepEqual(s.shows(), ["a waiting"]);
  s.up();
  assert.deepEqual(s.texts(), ["a", "a"]);
});

test("what fails does not go out with what waits", async () => {
  const s = stage();
  s.up();
  s.say("a");
  await s.answer("a", refusal("unavailable"));
  await s.down();
  s.up();
  assert.deepEqual(s.texts(), ["a"]);
});

test("a text that no server takes is given back, if there is room for it", async () => {
  const s = stage();
  s.up();
  s.say("a");
  s.say("b");
  await s.answer("a", refusal("line_too_long"));
  assert.deepEqual(s.back, ["a"]);
  s.full = true;
  await s.answer("b", refusal("line_too_long"));
  assert.deepEqual(s.shows(), ["b failed"]);
});

test("a message that breaks the line three times waits for a person", async () => {
  const s = stage();
  s.up();
  s.say("a");
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(s.shows(), ["a sending"]);
    await s.down();
    s.up();
  }
  assert.deepEqual(s.shows(), ["a failed"]);
  assert.equal(s.written.length, 3);
});

test("what is typed in a room is said in that room alone", async () => {
  const s = stage();
  s.say("a");
  s.up("ops");
  assert.deepEqual(s.shows("ops"), []);
  assert.deepEqual(s.written, []);
  assert.deepEqual(s.shows("lobby"), ["a waiting"]);
  s.up("lobby");
  assert.deepEqual(s.texts(), ["a"]);
});

test("an ack for another room has no place in this one's log", async () => {
  const s = stage();
  s.up();
  s.say("a");
  s.up("ops");
  await s.answer("a", ack(500));
  assert.deepEqual(s.shows("lobby"), []);
});

test("what was written for no room waits for a person", () => {
  const s = stage();
  s.room = "no such";
  s.say("a");
  s.outbox.move("no such", "lobby");
  s.up("lobby");
  assert.deepEqual(s.shows(), ["a failed"]);
  assert.deepEqual(s.written, []);
});

test("a reload keeps what was not said, and sends it under its key", async () => {
  const s = stage();
  s.up();
  for (const text of ["said", "refused", "unanswered"]) s.say(text);
  await s.answer("said", ack(9));
  await s.answer("refused", refusal("unavailable"));
  s.line.state = "waiting";
  s.say("waiting");

  const t = stage({ kept: s.shelf.kept });
  assert.deepEqual(t.shows(), ["refused failed", "unanswered waiting", "waiting waiting"]);
  t.up();
  assert.deepEqual(t.texts(), ["unanswered", "waiting"]);
  assert.equal(t.written[0].key, s.written[2].key);
  await t.answer("unanswered", { type: "ack" });
  await t.answer("waiting", { type: "ack" });
  t.outbox.discard(t.outbox.of("lobby")[0]);
  assert.deepEqual(t.shelf.kept, []);
});

test("a reload makes no old message young", async () => {
  const s = stage();
  s.up();
  s.say("a");
  const t = stage({ kept: s.shelf.kept });
  t.time += 9 * minute;
  t.up();
  assert.deepEqual(t.shows(), ["a failed"]);
});

test("no clock makes an old message young", async () => {
  for (const [why, pass] of Object.entries({
    "the clock is set back": (s) => {
      s.time += 9 * minute;
      s.set -= 60 * minute;
    },
    "the machine sleeps": (s) => (s.set += 9 * minute),
  })) {
    const s = stage();
    s.up();
    s.say("a");
    await s.down();
    pass(s);
    s.up();
    assert.deepEqual(s.shows(), ["a failed"], why);
  }
  const s = stage();
  s.up();
  s.say("a");
  const t = stage({ kept: s.shelf.kept });
  t.time -= minute; // set back, then a reload: how old it is can't be known
  t.up();
  assert.deepEqual(t.shows(), ["a failed"]);
});
