import assert from "node:assert/strict";
import { test } from "node:test";
import { mentions } from "../static/room/mention.js";

for (const [text, nick, want] of [
  ["alice: hello", "alice", true],
  ["hello ALICE", "Alice", true],
  ["hello alice.", "alice", true],
  ["alice's", "alice", true],
  ["...alice...", "alice", true],
  ["@alice", "alice", true],
  ["问alice吗", "alice", true],
  ["小明你好", "小明", true],
  ["철수야", "철수", true],
  ["malice", "alice", false],
  ["alice2", "alice", false],
  ["alice-b", "alice", false],
  ["b.alice", "alice", false],
  ["alice_", "alice", false],
  ["malice and alice", "alice", true],
  ["𝒳alice", "alice", false],
  ["a.b", "a.b", true],
  ["axb", "a.b", false],
  ["a-b", "a-b", true],
  ["cafe\u0301", "café", true],
  ["cafe\u0301", "cafe", false],
  ["小明 你好", "小明", true],
  ["anything", "", false],
  ["", "alice", false],
  ["a(b", "a(b", true],
]) {
  test(`${JSON.stringify(text)} ${want ? "mentions" : "does not mention"} ${JSON.stringify(nick)}`, () => assert.equal(mentions(text, nick), want));
}
