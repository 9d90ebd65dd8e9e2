import assert from "node:assert/strict";
import { test } from "node:test";
import { takeQuery } from "../static/room/query.js";

const page = "https://chat.example/party/";

for (const [query, want] of [
  ["", { nick: "", text: "", rest: page }],
  ["?room=ops#m12", { nick: "", text: "", rest: `${page}?room=ops#m12` }],
  ["?nick=alice", { nick: "alice", text: "", rest: page }],
  ["?nick=%20alice%20&room=ops&text=hi%20there#m12", { nick: "alice", text: "hi there", rest: `${page}?room=ops#m12` }],
  ["?text=one%0D%0Atwo%0Dthree%0A", { nick: "", text: "one\ntwo\nthree\n", rest: page }],
  ["?nick=&text=", { nick: "", text: "", rest: page }],
  ["?nick=a&nick=b&text=1&text=2", { nick: "a", text: "1", rest: page }],
  [`?nick=${"x".repeat(32)}`, { nick: "x".repeat(32), text: "", rest: page }],
  [`?nick=${"x".repeat(33)}`, { nick: "", text: "", rest: page }],
  [`?text=${"x".repeat(5_000)}`, { nick: "", text: "x".repeat(2_000), rest: page }],
  [`?text=${encodeURIComponent("😀".repeat(2_001))}`, { nick: "", text: "😀".repeat(2_000), rest: page }],
  ["?text=%FF&nick=%F0", { nick: "\ufffd", text: "\ufffd", rest: page }],
  ["?other=a+b%20c", { nick: "", text: "", rest: `${page}?other=a+b%20c` }],
]) {
  test(`a page with ${query.slice(0, 60) || "no query"}`, () => assert.deepEqual(takeQuery(page + query), want));
}
