import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, fits, measure, textLimit } from "../static/room/limits.js";

test("the limit of a text follows from that of a request", () => {
  assert.equal(textLimit({ bytes: 33_792 }), 4096);
  assert.equal(textLimit({ bytes: 8 * 16 + 1024 }), 16);
  for (const unknown of [undefined, {}, { bytes: 0 }, { bytes: 1024 }]) assert.equal(textLimit(unknown), Infinity);
});

test("characters have the length of UTF-8", () => {
  for (const [text, want] of [["", 0], ["abc", 3], ["é", 2], ["漢", 3], ["😀", 4], ["\ud83d", 3]]) assert.equal(bytes(text), want, text);
});

for (const [text, limit, want] of [
  ["x".repeat(80), 100, { left: 20, why: "", near: false }],
  ["x".repeat(81), 100, { left: 19, why: "", near: true }],
  ["x".repeat(100), 100, { left: 0, why: "", near: true }],
  ["x".repeat(101), 100, { left: -1, why: "too long by 1 byte", near: true }],
  ["é".repeat(60), 100, { left: -20, why: "too long by 20 bytes", near: true }],
  ["x\n".repeat(31) + "x", 4096, { left: 4033, why: "", near: false }],
  ["x\n".repeat(32) + "x", 4096, { left: 4031, why: "too long by 1 line", near: true }],
  ["\n\n" + "x\n".repeat(34) + "\n\n", 4096, { left: 4024, why: "too long by 2 lines", near: true }],
  ["\n".repeat(50), 4096, { left: 4046, why: "", near: false }],
  ["x".repeat(1_000_000), Infinity, { left: Infinity, why: "", near: false }],
]) {
  test(`${JSON.stringify(text.slice(0, 20))}, ${text.length} characters, limit ${limit}`, () => {
    assert.deepEqual(measure(text, limit), want);
    assert.equal(fits(text, limit), want.why === "");
  });
}
