import assert from "node:assert/strict";
import { test } from "node:test";
import { OutboxStore } from "../static/net/outboxstore.js";
import { storage } from "./storage.js";

const item = (key, text = "hi") => ({ key, request: { type: "say", text }, room: "lobby", typed: text, at: 1e12, state: "waiting" });

test("saved items are loaded, under the same key only", () => {
  const s = storage();
  new OutboxStore("a", () => s).save([item("1"), item("2")]);
  assert.deepEqual(new OutboxStore("a", () => s).load(), [item("1"), item("2")]);
  assert.deepEqual(new OutboxStore("b", () => s).load(), []);
});

test("an empty store removes its key", () => {
  const s = storage();
  const store = new OutboxStore("a", () => s);
  store.save([item("1")]);
  store.save([]);
  assert.deepEqual(s.saved, {});
});

test("the first items that fit are saved, and the save is not complete", () => {
  const s = storage();
  const store = new OutboxStore("a", () => s);
  store.save([item("1"), item("2", "x".repeat(498_000)), item("3", "y".repeat(2000)), item("4")]);
  assert.deepEqual(store.load().map(({ key }) => key), ["1", "2"]);
  assert.equal(store.complete, false);
  store.save([item("4")]);
  assert.equal(store.complete, true);
});

test("without storage nothing is saved, and the save is not complete", () => {
  const store = new OutboxStore("a", () => {
    throw new Error("denied");
  });
  assert.deepEqual(store.load(), []);
  store.save([item("1")]);
  assert.equal(store.complete, false);
  store.save([]);
  assert.equal(store.complete, true);
});

const invalid = [
  { ...item("1"), key: 1 },
  { ...item("1"), room: undefined },
  { ...item("1"), request: { type: "say" } },
  { ...item("1"), request: { type: "quit", text: "bye" } },
  { key: "1" },
];
for (const nonsense of ["", "{", "null", "7", "[1]", "[null]", "{}", ...invalid.map((i) => JSON.stringify([i]))]) {
  test(`${JSON.stringify(nonsense)} is ignored`, () => assert.deepEqual(new OutboxStore("a", () => storage({ a: nonsense })).load(), []));
}

const load = (saved) => new OutboxStore("a", () => storage({ a: JSON.stringify([saved]) })).load();

test("an invalid item does not hide the others", () => {
  assert.deepEqual(new OutboxStore("a", () => storage({ a: JSON.stringify([null, item("2"), {}]) })).load(), [item("2")]);
});

for (const at of [undefined, null, "now", 9e15, {}]) {
  test(`an item written at ${JSON.stringify(at)} gets a date`, () => {
    const [{ at: date }] = load({ ...item("1"), at });
    assert.ok(Math.abs(date - Date.now()) < 60_000);
  });
}

for (const written of [null, 7, {}, { date: 9e15, steady: 1 }, { date: 1e12, steady: "1" }]) {
  test(`an item sent at ${JSON.stringify(written)} is not sent again by itself`, () => {
    const [restored] = load({ ...item("1"), written });
    assert.equal(restored.state, "failed");
    assert.equal(restored.written, undefined);
  });
}

test("a failed item keeps its reason, and only the fields of an item", () => {
  const failed = { ...item("1"), state: "failed", why: "Not sent: too long" };
  assert.deepEqual(load({ ...failed, extra: 1, request: { ...failed.request, key: "2" } }), [failed]);
});
