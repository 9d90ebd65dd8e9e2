import assert from "node:assert/strict";
import { test } from "node:test";
import { block, messages, pasted } from "../static/room/paste.js";

test("line breaks become LF, and those at the end are dropped", () => {
  for (const [text, want] of [["one\r\ntwo\rthree\n", "one\ntwo\nthree"], ["one\n\n\n", "one"], ["\n  one", "\n  one"], ["one\n ", "one\n "], ["\n\r\n", ""], ["", ""]]) {
    assert.equal(pasted(text), want);
  }
});

for (const [text, want] of [
  ["one\n\n two\n \nthree", ["one", " two", "three"]],
  ["one", null],
  ["one\n\n \n", null],
  ["\n", null],
  ["x\n".repeat(64), Array(64).fill("x")],
  ["x\n".repeat(65), null],
  [`one\n${"é".repeat(50)}`, ["one", "é".repeat(50)]],
  [`one\n${"é".repeat(51)}`, null],
]) {
  test(`${JSON.stringify(text.slice(0, 30))} as messages`, () => assert.deepEqual(messages(text, 100), want));
}

for (const [before, text, after, want] of [
  ["", "one\ntwo", "", "```\none\ntwo\n```"],
  ["see ", "one\ntwo", " there", "\n```\none\ntwo\n```\n"],
  ["see\n", "one\ntwo", "\nthere", "```\none\ntwo\n```"],
  ["", "  indented\n\ttwo", "", "```\n  indented\n\ttwo\n```"],
  ["", "one\n```\ntwo", "", null],
  ["", "```js\none", "", null],
  ["", "one ```\ntwo", "", "```\none ```\ntwo\n```"],
  ["", "x\n".repeat(29) + "x", "", "```\n" + "x\n".repeat(30) + "```"],
  ["", "x\n".repeat(30) + "x", "", null],
  ["", "x\n" + "y".repeat(90), "", "```\nx\n" + "y".repeat(90) + "\n```"],
  ["", "x\n" + "y".repeat(91), "", null],
  ["before", "x\n" + "y".repeat(85), "", null],
]) {
  test(`${JSON.stringify(text.slice(0, 30))} as a block after ${JSON.stringify(before)}`, () => assert.equal(block(before, text, after, 100), want));
}
