import assert from "node:assert/strict";
import { test } from "node:test";
import { Item } from "../static/net/item.js";
import { denied, storage } from "./storage.js";

test("a text is kept until it is removed", () => {
  const s = storage();
  const item = new Item("i", () => s);
  assert.equal(item.text(), null);
  assert.equal(item.list(), null);
  assert.ok(item.keep("[1]"));
  assert.equal(new Item("i", () => s).text(), "[1]");
  assert.deepEqual(item.list(), [1]);
  assert.ok(item.remove());
  assert.deepEqual(s.saved, {});
});

for (const text of ["", "{", "null", "7", '"[]"', '{"length":1}']) {
  test(`${JSON.stringify(text)} is no list`, () => assert.equal(new Item("i", () => storage({ i: text })).list(), null));
}

test("a denied storage keeps nothing, and says so", () => {
  const item = new Item("i", denied);
  assert.deepEqual([item.keep("a"), item.text(), item.list(), item.remove()], [false, null, null, false]);
});
