import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../static/room/words.js";

// marked puts brackets around the matches.
const marked = (text, words) => pieces(text, words).map(([piece, found]) => (found ? `[${piece}]` : piece)).join("");

for (const [words, text, want] of [
  ["backup", "The Backup is done, backups too", "The [Backup] is done, [backup]s too"],
  ["he", "the hen, he said", "the [he]n, [he] said"],
  ["he", "the thesis", "t[he] t[he]sis"],
  ["done backup", "backup done", "[backup] [done]"],
  ["größe", "Die GRÖSSE, die GRÖẞE, die Größe", "Die GRÖSSE, die [GRÖẞE], die [Größe]"],
  ["消息", "没有消息", "没有[消息]"],
  ['"a.b" (x*', "a b, axb, x", "[a] [b], [a]xb, [x]"],
  ["nothing", "of it", "of it"],
  ["", "of it", "of it"],
  ["?!", "what?!", "what?!"],
]) {
  test(`${JSON.stringify(words)} in ${JSON.stringify(text)}`, () => assert.equal(marked(text, words), want));
}

test("the pieces make up the text", () => {
  const text = "<b>one</b>\n  two one";
  assert.equal(pieces(text, "one b").map(([piece]) => piece).join(""), text);
});
