import assert from "node:assert/strict";
import { test } from "node:test";
import { Token } from "../static/net/token.js";
import { storage } from "./storage.js";

test("a token survives a reload, under the same key only", () => {
  const s = storage();
  const before = new Token("a", () => s);
  before.set("t");
  before.store();
  const [after, other] = ["a", "b"].map((key) => new Token(key, () => s));
  for (const token of [after, other]) token.take();
  assert.equal(after.value, "t");
  assert.equal(other.value, undefined);
});

test("a copy of the storage has the token while it is stored only", () => {
  const s = storage();
  const token = new Token("a", () => s);
  token.set("t");
  assert.deepEqual(s.saved, {});
  token.store();
  assert.deepEqual(s.saved, { a: "t" });
  token.take();
  assert.deepEqual(s.saved, {});
  assert.equal(token.value, "t");
});

test("a token that changes while it is stored is stored again", () => {
  const s = storage();
  const token = new Token("a", () => s);
  token.store();
  assert.deepEqual(s.saved, {});
  token.set("t1");
  token.set("t2");
  assert.deepEqual(s.saved, { a: "t2" });
});

test("a token that a later page has stored replaces the earlier one", () => {
  const s = storage({ a: "later" });
  const token = new Token("a", () => s);
  token.set("earlier");
  token.take();
  assert.equal(token.value, "later");
});

test("without storage a token lasts as long as the page", () => {
  const token = new Token("a", () => {
    throw new Error("denied");
  });
  token.set("t");
  token.store();
  token.take();
  assert.equal(token.value, "t");
});
