import assert from "node:assert/strict";
import { test } from "node:test";
import { Shelf } from "../static/shelf.js";

const item = (key, text = "hi") => ({ key, request: { type: "say", text } });

function storage(kept = {}) {
  return {
    kept,
    getItem: (name) => kept[name] ?? null,
    setItem: (name, value) => void (kept[name] = value),
    removeItem: (name) => delete kept[name],
  };
}

test("what is put there is found again, under its name alone", () => {
  const s = storage();
  new Shelf("a", () => s).save([item("1"), item("2")]);
  assert.deepEqual(new Shelf("a", () => s).load(), [item("1"), item("2")]);
  assert.deepEqual(new Shelf("b", () => s).load(), []);
});

test("an empty shelf leaves nothing behind", () => {
  const s = storage();
  const shelf = new Shelf("a", () => s);
  shelf.save([item("1")]);
  shelf.save([]);
  assert.deepEqual(s.kept, {});
});

test("it takes the first that fit, and says that more were to be kept", () => {
  const s = storage();
  const shelf = new Shelf("a", () => s);
  shelf.save([item("1"), item("2", "x".repeat(999_000)), item("3", "y".repeat(2000)), item("4")]);
  assert.deepEqual(shelf.load().map(({ key }) => key), ["1", "2"]);
  assert.equal(shelf.whole, false);
  shelf.save([item("4")]);
  assert.equal(shelf.whole, true);
});

test("without storage nothing is kept, and it says so", () => {
  const shelf = new Shelf("a", () => {
    throw new Error("denied");
  });
  assert.deepEqual(shelf.load(), []);
  shelf.save([item("1")]);
  assert.equal(shelf.whole, false);
  shelf.save([]);
  assert.equal(shelf.whole, true);
});

for (const nonsense of ["", "{", "null", "7", "[1]", '[{"key":"1"}]', "[null]"]) {
  test(`${JSON.stringify(nonsense)} is nothing`, () => assert.deepEqual(new Shelf("a", () => storage({ a: nonsense })).load(), []));
}
