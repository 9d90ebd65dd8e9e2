import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, parse, quantile, rate, short, sum } from "../admin/figures.js";

const text = `# HELP x_total Help.
# TYPE x_total counter
x_total{a="b",c="d \\"e\\""} 4
x_total{a="f"} 1.5e+01
y 7
lag_seconds_bucket{le="0.001"} 10
lag_seconds_bucket{le="0.01"} 90
lag_seconds_bucket{le="+Inf"} 100
`;

test("parse", () => {
  const samples = parse(text);
  assert.deepEqual(samples.get("x_total"), [
    { labels: { a: "b", c: 'd \\"e\\"' }, value: 4 },
    { labels: { a: "f" }, value: 15 },
  ]);
  assert.equal(sum(samples, "x_total"), 19);
  assert.equal(sum(samples, "y"), 7);
  assert.equal(sum(samples, "none"), 0);
});

test("rate", () => {
  const before = { samples: parse("x_total 4"), time: 1000 };
  const now = { samples: parse("x_total 14"), time: 3000 };
  assert.equal(rate(now, before, "x_total"), 5);
  assert.equal(rate(now, null, "x_total"), null);
  assert.equal(rate({ ...before, time: 4000 }, now, "x_total"), null); // the server has restarted
});

test("quantile", () => {
  const zero = { samples: parse(text.replace(/^(lag\S+) \d+/gm, "$1 0")) };
  const now = { samples: parse(text) };
  assert.equal(quantile(now, zero, "lag_seconds", 0.5), 0.01);
  assert.equal(quantile(now, zero, "lag_seconds", 0.1), 0.001);
  assert.equal(quantile(now, zero, "lag_seconds", 0.99), Infinity);
  assert.equal(quantile(now, now, "lag_seconds", 0.5), null);
  assert.equal(quantile(now, null, "lag_seconds", 0.5), null);
});

for (const [n, want] of [[null, "–"], [0, "0"], [0.1234, "0.123"], [999, "999"], [1234, "1.23 k"], [5e6, "5.00 M"], [Infinity, "∞"]]) {
  test(`short ${n}`, () => assert.equal(short(n), want));
}

for (const [s, want] of [[null, "–"], [0.000064, "64 µs"], [0.0041, "4.1 ms"], [2, "2 s"], [Infinity, "∞ s"]]) {
  test(`duration ${s}`, () => assert.equal(duration(s), want));
}
