import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../static/view/markup.js";

// show writes nodes in short: [code a], [link href text], ...
const show = (nodes) =>
  nodes.map((n) => (n.type === "text" ? n.text : n.type === "link" ? `[link ${n.href} ${n.text}]` : `[${n.type} ${n.nodes ? show(n.nodes) : n.text}]`)).join("");

for (const [text, want] of [
  ["hello", "hello"],
  ["", ""],
  ["a `b` c", "a [code b] c"],
  ["`*a* https://x.example`", "[code *a* https://x.example]"],
  ["**a b** c", "[strong a b] c"],
  ["*a b* c", "[em a b] c"],
  ["**a *b* c**", "[strong a [em b] c]"],
  ["(*a*)", "([em a])"],
  ["2*3*4", "2*3*4"],
  ["a * b * c", "a * b * c"],
  ["*a\nb*", "*a\nb*"],
  ["** a**", "** a**"],
  ["**", "**"],
  ["***", "***"],
  ["****a****", "****a****"],
  ["*", "*"],
  ["`", "`"],
  ["``", "``"],
  ["snake_case_name", "snake_case_name"],
  ["> a\n> *b*\nc", "[quote a\n[em b]]c"],
  [">a", ">a"],
  ["> ", "> "],
  ["a > b", "a > b"],
  ["```\na\n  *b*\n```\nc", "[block a\n  *b*]c"],
  ["```go\nx\n```", "[block x]"],
  ["```\na", "```\na"],
  ["a ```b``` c", "a ```b``` c"],
  ["in #ops, #Dev-2 and (#x)", "in [room #ops], [room #Dev-2] and ([room #x])"],
  ["的*磁盘*吗", "的[em 磁盘]吗"],
  ["在**现在**发布", "在[strong 现在]发布"],
  ["见https://x.example/a。然后", "见[link https://x.example/a https://x.example/a]。然后"],
  ["见#ops。", "见[room #ops]。"],
  ["#12 a#b ## #_ #", "#12 a#b ## #_ #"],
  ["`#ops` https://x.example/#ops", "[code #ops] [link https://x.example/#ops https://x.example/#ops]"],
  ["https://example.org", "[link https://example.org/ https://example.org]"],
  ["see https://example.org/a_b_c?x=1#y.", "see [link https://example.org/a_b_c?x=1#y https://example.org/a_b_c?x=1#y]."],
  ["(https://en.wikipedia.org/wiki/Go_(game))", "([link https://en.wikipedia.org/wiki/Go_(game) https://en.wikipedia.org/wiki/Go_(game)])"],
  ["<https://example.org>, HTTP://EXAMPLE.ORG!", "<[link https://example.org/ https://example.org]>, [link http://example.org/ HTTP://EXAMPLE.ORG]!"],
  ["**https://example.org/**", "[strong [link https://example.org/ https://example.org/]]"],
  ["mailto:bob@example.org?", "[link mailto:bob@example.org mailto:bob@example.org]?"],
  ["http://exаmple.org/path", "[link http://xn--exmple-4nf.org/path http://xn--exmple-4nf.org/path]"],
  ["http://münchen.example", "[link http://xn--mnchen-3ya.example/ http://xn--mnchen-3ya.example]"],
  ["http://", "http://"],
  ["https://user:secret@example.org/", "https://user:secret@example.org/"],
  ["https://google.com@evil.example/", "https://google.com@evil.example/"],
  ["javascript:alert(1)", "javascript:alert(1)"],
  ["data:text/html,<script>", "data:text/html,<script>"],
  ["vbscript:x file:///etc/passwd ftp://x.example", "vbscript:x file:///etc/passwd ftp://x.example"],
  ["xhttps://example.org", "xhttps://example.org"],
  ["https://example.org/\u{1F600}", "[link https://example.org/%F0%9F%98%80 https://example.org/\u{1F600}]"],
]) {
  test(JSON.stringify(text), () => assert.equal(show(parse(text)), want));
}

// A text of 32 times the length takes about 32 times as long, and a thousand times in quadratic time.
for (const [start, piece] of [
  ...["*a ", "**a ", "`a ", "*", "`", "**a*", "> ", "```\n", "https://a", "(((", "https://x.y/))))", "*a\n", "**`*", "#a", "##"].map((piece) => ["", piece]),
  ...[")", "](", "]}", "."].map((piece) => ["https://x.y/", piece]),
]) {
  test(`${JSON.stringify(start)} and many of ${JSON.stringify(piece)} take time in proportion`, () => {
    const time = (length) => {
      const text = start + piece.repeat(length / piece.length);
      const times = Array.from({ length: 5 }, () => {
        const before = performance.now();
        parse(text);
        return performance.now() - before;
      });
      return Math.min(...times);
    };
    time(8_000);
    const [short, long] = [time(8_000), time(256_000)];
    assert.ok(long < 500 * short + 20, `${short} ms, and ${long} ms for 32 times the length`);
  });
}

test("no character is lost besides marks", () => {
  const plain = (nodes) => nodes.map((n) => (n.nodes ? plain(n.nodes) : n.text)).join("");
  let seed = 1;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n; // of Park and Miller
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: 12 }, () => ["*", "**", "`", "a", " ", "\n", "> ", "```\n", "b"][random(9)]).join("");
    const kept = plain(parse(text));
    assert.equal(kept.replace(/[^ab]/g, ""), text.replace(/[^ab]/g, ""), JSON.stringify(text));
  }
});
