import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "../static/net/backoff.js";

test("the longest pause doubles from 0.5 s to 30 s", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7, 100, 5000].map((n) => pause(n, () => 1));
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000]);
});

test("a pause is random between zero and the longest", () => {
  assert.equal(pause(3, () => 0), 0);
  assert.equal(pause(3, () => 0.5), 2000);
  const pauses = Array.from({ length: 100 }, () => pause(4));
  assert.ok(pauses.every((p) => p >= 0 && p < 8000));
  assert.ok(new Set(pauses).size > 50);
});
