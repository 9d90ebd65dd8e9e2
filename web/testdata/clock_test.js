import assert from "node:assert/strict";
import { test } from "node:test";
import { now, since } from "../static/net/clock.js";

test("the clock that has advanced further counts", () => {
  const moment = { date: 5_000, steady: 7_000 };
  assert.equal(since(moment, { date: 6_000, steady: 8_000 }), 1_000);
  assert.equal(since(moment, { date: -3_595_000, steady: 8_000 }), 1_000); // set back an hour
  assert.equal(since(moment, { date: 6_000, steady: 7_010 }), 1_000); // the machine slept
  assert.equal(since(moment, { date: 1_000, steady: 4_000 }), -3_000); // set back, then a reload
});

test("time passes, also for a moment that was saved", async () => {
  const moment = now();
  await new Promise((done) => setTimeout(done, 20));
  const passed = since(JSON.parse(JSON.stringify(moment)));
  assert.ok(passed >= 15 && passed < 20_000, `${passed} ms`);
});
