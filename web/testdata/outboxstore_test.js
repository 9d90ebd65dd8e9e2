import assert from "node:assert/strict";
import { test } from "node:test";
import { OutboxStore } from "../static/outboxstore.js";
import { storage } from "./storage.js";

const item = (key, text = "hi") => ({ key, request: { type: "say", text } });

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
  store.save([item("1"), item("2", "x".repeat(999_000)), item("3", "y".repeat(2000)), item("4")]);
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

for (const nonsense of ["", "{", "null", "7", "[1]", '[{"key":"1"}]', "[null]"]) {
  test(`${JSON.stringify(nonsense)} is ignored`, () => assert.deepEqual(new OutboxStore("a", () => storage({ a: nonsense })).load(), []));
}
