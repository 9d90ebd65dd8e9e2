import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "../static/backoff.js";

test("the span doubles from half a second to half a minute", () => {
  const widest = [0, 1, 2, 3, 4, 5, 6, 7, 100, 5000].map((n) => pause(n, () => 1));
  assert.deepEqual(widest, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000]);
});

test("a pause is drawn from the whole span", () => {
  assert.equal(pause(3, () => 0), 0);
  assert.equal(pause(3, () => 0.5), 2000);
  const drawn = Array.from({ length: 100 }, () => pause(4));
  assert.ok(drawn.every((p) => p >= 0 && p < 8000));
  assert.ok(new Set(drawn).size > 50);
});
