import assert from "node:assert/strict";
import { test } from "node:test";
import { bareRoom, commands, escape, parse } from "../static/room/command.js";

const requests = [
  ["hello", { type: "say", text: "hello" }],
  ["  two\nlines ", { type: "say", text: "  two\nlines " }],
  ["//me", { type: "say", text: "/me" }],
  ["//foo bar\n/me", { type: "say", text: "/foo bar\n/me" }],
  ["//etc/hosts", { type: "say", text: "//etc/hosts" }],
  ["/etc/hosts", { type: "say", text: "/etc/hosts" }],
  ["/bin/sh: 1: foo: not found", { type: "say", text: "/bin/sh: 1: foo: not found" }],
  ["/* a */\n// b\nc();", { type: "say", text: "/* a */\n// b\nc();" }],
  ["// b", { type: "say", text: "// b" }],
  ["//", { type: "say", text: "//" }],
  ["///me", { type: "say", text: "///me" }],
  ["/", { type: "say", text: "/" }],
  ["/ me waves", { type: "say", text: "/ me waves" }],
  ["/me\u00a0waves", { type: "say", text: "/me\u00a0waves" }],
  ["/mé", { type: "say", text: "/mé" }],
  ["/__proto__ x", { type: "say", text: "/__proto__ x" }],
  ["1/2", { type: "say", text: "1/2" }],
  [" /me", { type: "say", text: " /me" }],
  ["/me waves", { type: "me", text: "waves" }],
  ["/ME waves\nand leaves", { type: "me", text: "waves\nand leaves" }],
  ["/msg bob psst", { type: "msg", to: "bob", text: "psst" }],
  ["/msg  bob  two words\nand more", { type: "msg", to: "bob", text: "two words\nand more" }],
  ["/nick  ally ", { type: "nick", nick: "ally" }],
  ["/nick a b", { type: "nick", nick: "a b" }],
  ["/join ops", { type: "join", room: "ops" }],
  ["/Join #ops", { type: "join", room: "ops" }],
  ["/me\n\twaves", { type: "me", text: "waves" }],
  ["/search  two words ", { type: "search", words: "two words" }],
  ["/who", { type: "who" }],
  ["/Rooms", { type: "rooms" }],
  ["/history", { type: "history" }],
  ["/help", { type: "help" }],
  ["/quit", { type: "quit" }],
  ["/quit so long", { type: "quit", text: "so long" }],
];
for (const [input, request] of requests) {
  test(`${JSON.stringify(input)} is a request`, () => assert.deepEqual(parse(input), { request }));
}

for (const input of ["/foo", "/foo bar", "/foo\nbar", "/etc", "/a-B_9", "/mean", "/constructor", "/me", "/me \t", "/msg", "/msg bob", "/nick ", "/join #", "/search "]) {
  test(`${JSON.stringify(input)} is refused`, () => {
    const { request, error } = parse(input);
    assert.equal(request, undefined);
    assert.ok(error.length > 0);
  });
}

for (const input of ["", " ", "\n\t "]) {
  test(`${JSON.stringify(input)} is ignored`, () => assert.equal(parse(input), null));
}

test("each command of the list is known", () => {
  for (const { text, about } of commands) {
    const input = `/${text} ${about.replace("NAME TEXT", "bob hi")}`;
    assert.equal(parse(input).request.type, text);
  }
});

test("an escaped text is said", () => {
  for (const text of ["/quit", "/me waves", "/foo", "/etc/passwd", "hi", "/", "// a comment"]) {
    assert.deepEqual(parse(escape(text)), { request: { type: "say", text } });
  }
});

test("bareRoom removes one #", () => {
  assert.equal(bareRoom(" #ops "), "ops");
  assert.equal(bareRoom("##ops"), "#ops");
});
