import assert from "node:assert/strict";
import { test } from "node:test";
import { Requests } from "../static/net/requests.js";

const second = 1_000;

// setUp returns Requests with a fake clock and timers, and tells how each request ended.
function setUp(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.mock.method(performance, "now", () => 0);
  const requests = new Requests();
  const ends = {};
  return {
    requests,
    ends,
    // add sends a request and returns its ref.
    add(type) {
      const { frame, answer } = requests.add({ type });
      const { ref } = JSON.parse(frame);
      answer.then(
        (event) => (ends[ref] = event.type),
        (err) => (ends[ref] = err.message),
      );
      return ref;
    },
    async advance(ms) {
      t.mock.timers.tick(ms);
      await null;
    },
  };
}

test("an answer settles its request, once", async (t) => {
  const { requests, ends, add, advance } = setUp(t);
  const [history, who] = [add("history"), add("who")];
  assert.ok(requests.settle({ type: "who", ref: who }));
  assert.ok(requests.settle({ type: "error", ref: history, message: "no" }));
  assert.ok(!requests.settle({ type: "who", ref: who }));
  assert.ok(!requests.settle({ type: "message" }));
  await advance(0);
  assert.deepEqual(ends, { [history]: "no", [who]: "who" });
});

test("a question without an answer ends after 20 s, and a text waits", async (t) => {
  const { ends, add, advance } = setUp(t);
  const [, history] = [add("say"), add("history")];
  await advance(19 * second);
  assert.deepEqual(ends, {});
  await advance(second);
  assert.deepEqual(ends, { [history]: "the server did not answer" });
});

test("a question after texts waits while those are answered", async (t) => {
  const { requests, ends, add, advance } = setUp(t);
  const texts = [add("say"), add("say"), add("say")];
  const who = add("who");
  for (const ref of texts) {
    await advance(15 * second);
    requests.settle({ type: "ack", ref });
  }
  await advance(19 * second);
  assert.equal(ends[who], undefined);
  await advance(20 * second);
  assert.equal(ends[who], "the server did not answer");
});

test("a later question has its own time", async (t) => {
  const { requests, ends, add, advance } = setUp(t);
  requests.settle({ type: "who", ref: add("who") });
  await advance(15 * second);
  const history = add("history");
  await advance(19 * second);
  assert.equal(ends[history], undefined);
  await advance(second);
  assert.equal(ends[history], "the server did not answer");
});

test("all requests end with their connection", async (t) => {
  const { requests, ends, add, advance } = setUp(t);
  const [say, who] = [add("say"), add("who")];
  requests.rejectAll(() => new Error("down"));
  await advance(60 * second);
  assert.deepEqual(ends, { [say]: "down", [who]: "down" });
});

test("the longest request is rejected alone", async (t) => {
  const { requests, ends, add, advance } = setUp(t);
  const [, long] = [add("say"), add("a longer type")];
  requests.rejectLongest(new Error("too long"));
  await advance(0);
  assert.deepEqual(ends, { [long]: "too long" });
});
