import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "../static/net/turns.js";

test("connections begin one after the other", () => {
  const turns = new Turns();
  const begun = [];
  for (const who of ["a", "b", "c"]) turns.take(who, () => begun.push(who));
  assert.deepEqual(begun, ["a"]);
  turns.end("b"); // it no longer waits
  turns.end("a");
  assert.deepEqual(begun, ["a", "c"]);
  turns.end("c");
  turns.end("c");
  turns.take("b", () => begun.push("b"));
  assert.deepEqual(begun, ["a", "c", "b"]);
});

test("a connection that begins again keeps its turn", () => {
  const turns = new Turns();
  const begun = [];
  turns.take("a", () => begun.push("a"));
  turns.take("b", () => begun.push("b"));
  turns.take("a", () => begun.push("a again"));
  assert.deepEqual(begun, ["a", "a again"]);
  turns.end("a");
  assert.deepEqual(begun, ["a", "a again", "b"]);
});

test("of two requests of one connection the later one counts", () => {
  const turns = new Turns();
  const begun = [];
  turns.take("a", () => {});
  turns.take("b", () => begun.push("first"));
  turns.take("b", () => begun.push("second"));
  turns.end("a");
  turns.end("b");
  assert.deepEqual(begun, ["second"]);
});
