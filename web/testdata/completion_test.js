import assert from "node:assert/strict";
import { test } from "node:test";
import { find, matching, replace } from "../static/room/completion.js";

// split returns a text and the place of the caret in it, which is shown as |.
function split(shown) {
  const caret = shown.indexOf("|");
  return [shown.replace("|", ""), caret];
}

for (const [shown, kind, typed, marked, after] of [
  ["al|", "name", "al", false, ": "],
  ["one\nal|", "name", "al", false, ": "],
  ["hi al|", "name", "al", false, " "],
  ["hi\tal|", "name", "al", false, " "],
  ["(al|)", "name", "al", false, " "],
  ["al|ice", "name", "al", false, ": "],
  ["Ä.b-1_|", "name", "Ä.b-1_", false, ": "],
  ["한|", "name", "한", false, ": "],
  ["@|", "name", "", true, " "],
  ["@al|", "name", "al", true, " "],
  ["hi @al|", "name", "al", true, " "],
  ["(@al|", "name", "al", true, " "],
  ["/|", "command", "", true, " "],
  ["/jo|", "command", "jo", true, " "],
  ["/jo|in ops", "command", "jo", true, " "],
  ["/join |", "room", "", true, " "],
  ["/JOIN  op|", "room", "op", true, " "],
  ["/join #|", "room", "", true, " "],
  ["/join #op|", "room", "op", true, " "],
  ["see #op|", "room", "op", true, " "],
  ["#|", "room", "", true, " "],
  ["/msg |", "name", "", true, " "],
  ["/msg al|", "name", "al", true, " "],
  ["/msg alice bo|", "name", "bo", false, " "],
  ["/me hugs al|", "name", "al", false, " "],
]) {
  test(`${JSON.stringify(shown)} is the ${kind} ${JSON.stringify(typed)}`, () => {
    const [text, caret] = split(shown);
    assert.deepEqual(find(text, caret), { kind, start: caret - typed.length, typed, marked, after });
  });
}

for (const shown of ["|", "hi |", "hi, |", "|al", "one\n|", " /|", "one\n/jo|", "a/b|", "//jo|", "me@al|", "a@|", "C#x|", "##|", "@@|", "/@|", "/#op|", "x".repeat(101) + "|"]) {
  test(`${JSON.stringify(shown.slice(-20))} has nothing to complete`, () => assert.equal(find(...split(shown)), null));
}

test("candidates start with what is typed, in any case", () => {
  const candidates = ["Bob", "alice", "ALBERT", "e\u0301mile", "bo"].map((text) => ({ text }));
  const texts = (typed) => matching(candidates, { typed }).map(({ text }) => text);
  assert.deepEqual(texts("al"), ["alice", "ALBERT"]);
  assert.deepEqual(texts("BO"), ["Bob", "bo"]);
  assert.deepEqual(texts("é"), ["e\u0301mile"]);
  assert.deepEqual(texts(""), ["Bob", "alice", "ALBERT", "e\u0301mile", "bo"]);
  assert.deepEqual(texts("x"), []);
});

for (const [shown, whole, want] of [
  ["al|", "alice", "alice: |"],
  ["AL|", "alice", "alice: |"],
  ["hi al|", "alice", "hi alice |"],
  ["hi al| there", "alice", "hi alice |there"],
  ["al|: hi", "alice", "alice: |hi"],
  ["al| hi", "alice", "alice: |hi"],
  ["al|:hi", "alice", "alice|:hi"],
  ["hi al|, bye", "alice", "hi alice|, bye"],
  ["(al|)", "alice", "(alice|)"],
  ["hi @al|", "alice", "hi @alice |"],
  ["/jo|", "join", "/join |"],
  ["/jo| ops", "join", "/join |ops"],
  ["/join #|", "ops", "/join #ops |"],
  ["one\nal|\ntwo", "alice", "one\nalice: |\ntwo"],
]) {
  test(`${JSON.stringify(shown)} becomes ${JSON.stringify(want)}`, () => {
    const [text, caret] = split(shown);
    const edit = replace(text, caret, find(text, caret), whole);
    const after = text.slice(0, edit.start) + edit.insert + text.slice(edit.end);
    assert.equal(after.slice(0, edit.caret) + "|" + after.slice(edit.caret), want);
  });
}

test("a long text takes no longer than a short one", () => {
  const text = "a ".repeat(500_000) + "al";
  for (let i = 0; i < 1_000; i++) assert.equal(find(text, text.length).typed, "al");
});
