import assert from "node:assert/strict";
import { test } from "node:test";
import { TabText } from "../static/net/tabtext.js";
import { storage } from "./storage.js";

test("a text survives a reload, under the same key only", () => {
  const s = storage();
  const before = new TabText("a", () => s);
  before.set("t");
  before.store();
  const [after, other] = ["a", "b"].map((key) => new TabText(key, () => s));
  for (const text of [after, other]) text.take();
  assert.equal(after.value, "t");
  assert.equal(other.value, undefined);
});

test("a copy of the storage has the text while it is stored only", () => {
  const s = storage();
  const text = new TabText("a", () => s);
  text.set("t");
  assert.deepEqual(s.saved, {});
  text.store();
  assert.deepEqual(s.saved, { a: "t" });
  text.take();
  assert.deepEqual(s.saved, {});
  assert.equal(text.value, "t");
});

test("a text that changes while it is stored is stored again", () => {
  const s = storage();
  const text = new TabText("a", () => s);
  text.store();
  assert.deepEqual(s.saved, {});
  text.set("t1");
  text.set("t2");
  assert.deepEqual(s.saved, { a: "t2" });
});

test("a text that a later page has stored replaces the earlier one", () => {
  const s = storage({ a: "later" });
  const text = new TabText("a", () => s);
  text.set("earlier");
  text.take();
  assert.equal(text.value, "later");
});

test("without storage a text lasts as long as the page", () => {
  const text = new TabText("a", () => {
    throw new Error("denied");
  });
  text.set("t");
  text.store();
  text.take();
  assert.equal(text.value, "t");
});
