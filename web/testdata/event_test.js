import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../static/net/event.js";

const at = "2026-11-28T12:00:00.000Z";
const message = { type: "message", id: 7, at, room: "lobby", from: "bob", via: "tcp", text: "hi" };
const welcome = { type: "welcome", room: "lobby", nick: "alice", members: [{ nick: "alice", via: "ws", idle: 300 }], count: 1 };

const valid = [
  message,
  { ...message, type: "action", stored: false },
  { ...welcome, ref: "r1", token: "t", resumed: true, last: 7, server: { bytes: 33_792 } },
  { type: "private", at, from: "bob", to: "alice", text: "psst" },
  { type: "join", at, nick: "bob", via: "tcp" },
  { type: "leave", at, nick: "bob", text: "bye" },
  { type: "nick", at, nick: "bob", to: "rob" },
  { type: "presence", at, arrived: 3, left: 2, count: 200 },
  { type: "ack", ref: "r1", key: "k", id: 7 },
  { type: "error", ref: "r1", code: "nick_taken", message: "bob is taken" },
  { type: "notice", code: "paced", message: "slower" },
  { type: "history", ref: "r1", messages: [message], more: false },
  { type: "search", ref: "r1", messages: [], more: true },
  { type: "who", ref: "r1", members: [{ nick: "bob" }], count: 1 },
  { type: "rooms", ref: "r1", rooms: [{ room: "lobby", count: 2 }] },
  { type: "gap", after: 3, before: 7, missed: 3, lost: true },
  { type: "gap", after: 3 },
  { type: "ping" },
  { type: "bye", reason: "shutdown", reconnect: true, after_ms: 1500 },
];
for (const event of valid) {
  test(`${JSON.stringify(event)} stays as it is`, () => assert.deepEqual(parse(JSON.stringify(event)), event));
}

const ignored = [
  "", "{", "null", "7", "[]", '"message"', "{}",
  '{"type":"__proto__"}', '{"type":"constructor"}', '{"type":"toString"}', '{"type":["ping"]}', '{"type":"unknown"}',
  ...[
    { ...message, at: "yesterday" },
    { ...message, at: 7 },
    { ...message, id: -1 },
    { ...message, id: 2 ** 53 },
    { ...message, from: null },
    { ...message, text: { toString: "x" } },
    { ...welcome, members: {} },
    { ...welcome, count: "1" },
    { type: "gap", after: "3" },
  ].map((e) => JSON.stringify(e)),
];
for (const frame of ignored) {
  test(`${frame} is ignored`, () => assert.equal(parse(frame), null));
}

test("unknown fields are left out", () => {
  assert.deepEqual(parse(JSON.stringify({ ...message, color: "red" }).replace("{", '{"__proto__":{"stored":false},')), message);
});

test("optional fields that are invalid are left out", () => {
  assert.deepEqual(parse(JSON.stringify({ ...message, via: 7, stored: "no", room: null })), { type: "message", id: 7, at, from: "bob", text: "hi" });
});

test("facts about the server that the page does not use are left out", () => {
  assert.deepEqual(parse(JSON.stringify({ ...welcome, server: { name: "partyline", bytes: 2048 } })), { ...welcome, server: { bytes: 2048 } });
  assert.deepEqual(parse(JSON.stringify({ ...welcome, server: { bytes: "many" } })), { ...welcome, server: {} });
  assert.deepEqual(parse(JSON.stringify({ ...welcome, server: "partyline" })), welcome);
});

test("invalid items of a list are left out", () => {
  const bad = [{ ...message, at: "never" }, null, 7, { ...message, type: "join" }, { ...message, type: "__proto__" }];
  assert.deepEqual(parse(JSON.stringify({ type: "history", messages: [...bad, message, ...bad] })).messages, [message]);
  assert.deepEqual(parse(JSON.stringify({ ...welcome, members: [null, { nick: 7 }, { nick: "bob" }] })).members, [{ nick: "bob" }]);
});

for (const [after_ms, want] of [[1e12, 600_000], [-1, undefined], ["1500", undefined], [null, undefined], [1500.5, 1500.5]]) {
  test(`a pause of ${JSON.stringify(after_ms)} is ${want}`, () => {
    assert.equal(parse(JSON.stringify({ type: "bye", reason: "shutdown", after_ms })).after_ms, want);
  });
}

test("an invalid answer is an error", () => {
  for (const answer of [{ type: "history", ref: "r1" }, { type: "unknown", ref: "r1" }, { type: "error", ref: "r1" }]) {
    const { type, ref, code } = parse(JSON.stringify(answer));
    assert.deepEqual({ type, ref, code }, { type: "error", ref: "r1", code: "bad_answer" });
  }
});
