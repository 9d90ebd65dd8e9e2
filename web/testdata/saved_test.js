import assert from "node:assert/strict";
import { test } from "node:test";
import { Saved } from "../static/room/saved.js";

// localStorage returns a stand-in for the local storage, with room for some characters.
function localStorage(saved = {}, room = Infinity) {
  const methods = {
    getItem: (name) => saved[name] ?? null,
    removeItem: (name) => delete saved[name],
    setItem: (name, value) => {
      const others = Object.entries(saved).filter(([other]) => other !== name);
      if ([...others, [name, value]].flat().join("").length > room) throw new Error("full");
      saved[name] = value;
    },
  };
  return new Proxy(saved, { get: (_, name) => methods[name] ?? saved[name] });
}

const at = (minute) => new Date(1.8e12 + minute * 60_000).toISOString();
const said = (id, text = `message ${id}`) => ({ type: "message", id, at: at(id), room: "lobby", from: "alice", via: "ws", text });
const ids = (messages) => messages.map(({ id }) => id);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test("messages and actions are kept for each room and each server, and nothing else", () => {
  const storage = localStorage();
  const saved = new Saved("a ", () => storage);
  const action = { ...said(2), type: "action" };
  const others = [{ type: "private", at: at(3), from: "bob", to: "alice", text: "secret" }, { type: "gap", after: 2, fill: () => {} }, { type: "error", message: "no" }];
  saved.save("lobby", [{ ...said(1), own: true, element: {} }, action, ...others]);
  assert.deepEqual(saved.load("lobby"), [said(1), action]);
  assert.deepEqual(saved.load("ops"), []);
  assert.deepEqual(new Saved("b ", () => storage).load("lobby"), []);
  assert.ok(!JSON.stringify(storage).includes("secret"));
});

test("the last 50 messages are kept", () => {
  const saved = new Saved("a ", () => storage);
  const storage = localStorage();
  saved.save("lobby", range(1, 70).map((id) => said(id)));
  assert.deepEqual(ids(saved.load("lobby")), range(21, 70));
});

test("the last messages that fit are kept", () => {
  const storage = localStorage();
  const saved = new Saved("a ", () => storage);
  saved.save("lobby", range(1, 20).map((id) => said(id, "\u0001".repeat(1000)))); // six characters each in JSON
  assert.deepEqual(ids(saved.load("lobby")), range(12, 20));
  saved.forget("lobby");
  saved.save("lobby", [said(1, "x".repeat(60_000))]);
  assert.deepEqual(saved.load("lobby"), []);
});

test("another tab with older messages does not replace newer ones", () => {
  const storage = localStorage();
  const [tab, other] = [new Saved("a ", () => storage), new Saved("a ", () => storage)];
  tab.save("lobby", [said(1), said(5)]);
  other.save("lobby", [said(1), said(4)]);
  other.save("lobby", []);
  assert.deepEqual(ids(tab.load("lobby")), [1, 5]);
  other.save("lobby", [{ ...said(1), at: at(6) }]); // the server has begun a new history
  assert.deepEqual(tab.load("lobby"), [{ ...said(1), at: at(6) }]);
});

test("the rooms with the newest messages are kept", () => {
  const storage = localStorage({ "b lobby": "another server's" });
  const saved = new Saved("a ", () => storage);
  for (const i of range(1, 20)) saved.save(`r${i}`, [{ ...said(i), room: `r${i}` }]);
  saved.save("old", [{ ...said(0), room: "old" }]);
  assert.deepEqual(Object.keys(storage).sort(), ["b lobby", "a old", ...range(6, 20).map((i) => `a r${i}`)].sort());
});

test("a room that is left is forgotten", () => {
  const storage = localStorage();
  const saved = new Saved("a ", () => storage);
  saved.save("lobby", [said(1)]);
  saved.forget("lobby");
  assert.deepEqual(Object.keys(storage), []);
});

test("a full storage loses the messages of other rooms first", () => {
  const storage = localStorage({ "another program": "x".repeat(500) }, 1000);
  const saved = new Saved("a ", () => storage);
  saved.save("ops", [{ ...said(9), room: "ops" }]);
  saved.save("lobby", [said(1, "y".repeat(250))]);
  assert.deepEqual(Object.keys(storage), ["another program", "a lobby"]);
  saved.save("lobby", [said(2, "z".repeat(2000))]);
  assert.deepEqual(ids(saved.load("lobby")), [1]);
});

test("without storage nothing is kept", () => {
  const saved = new Saved("a ", () => {
    throw new Error("denied");
  });
  saved.save("lobby", [said(1)]);
  saved.forget("lobby");
  assert.deepEqual(saved.load("lobby"), []);
});

const load = (text) => new Saved("a ", () => localStorage({ "a lobby": text })).load("lobby");
const loadList = (messages) => load(JSON.stringify({ type: "history", messages }));

for (const text of ["", "{", "null", "7", "[]", "{}", '{"messages":7}', '{"type":"history"}', `{"messages":[${JSON.stringify(said(1))}]}${" ".repeat(60_000)}`]) {
  test(`${JSON.stringify(text.slice(0, 30))} in the storage is ignored`, () => assert.deepEqual(load(text), []));
}

for (const [name, invalid] of Object.entries({
  "null": null,
  "a text": "x",
  "a private message": { ...said(2), type: "private", to: "bob" },
  "a message without an id": { ...said(2), id: undefined },
  "a message without a time": { ...said(2), at: "once" },
  "a text that is a number": { ...said(2), text: 7 },
  "a message of another room": { ...said(2), room: "ops" },
})) {
  test(`${name} in the storage is ignored`, () => assert.deepEqual(loadList([said(1), invalid, said(3)]), [said(1), said(3)]));
}

test("loaded messages are in order, once each, and have no other fields", () => {
  assert.deepEqual(loadList([said(3), { ...said(1), own: true, html: "<b>" }, said(3), said(2)]), [said(1), said(2), said(3)]);
  assert.equal(loadList(range(1, 60).map((id) => said(id))).length, 50);
});
