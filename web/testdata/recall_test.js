import assert from "node:assert/strict";
import { test } from "node:test";
import { Recall } from "../static/room/recall.js";

test("back and forward go through what was sent, and return to the draft", () => {
  const recall = new Recall();
  for (const text of ["one", "two", "two", "three"]) recall.add(text);
  assert.equal(recall.back("a draft"), "three");
  assert.equal(recall.back("three"), "two");
  assert.equal(recall.back("two"), "one");
  assert.equal(recall.back("one"), undefined);
  assert.equal(recall.forward("one"), "two");
  assert.equal(recall.forward("two"), "three");
  assert.equal(recall.forward("three"), "a draft");
  assert.equal(recall.forward("a draft"), undefined);
});

test("after a change of the text, back starts with the last one", () => {
  const recall = new Recall();
  for (const text of ["one", "two"]) recall.add(text);
  recall.back("");
  recall.back("two");
  assert.equal(recall.back("one, changed"), "two");
  assert.equal(recall.forward("two"), "one, changed");
});

test("nothing was sent", () => {
  assert.equal(new Recall().back(""), undefined);
  assert.equal(new Recall().forward(""), undefined);
});

test("fifty texts are kept", () => {
  const recall = new Recall();
  for (let i = 0; i < 60; i++) recall.add(`${i}`);
  let text = "";
  let last;
  while ((text = recall.back(text)) !== undefined) last = text;
  assert.equal(last, "10");
});
