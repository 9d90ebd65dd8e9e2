import assert from "node:assert/strict";
import { test } from "node:test";
import { PrivateStore } from "../static/room/privatestore.js";
import { denied, storage } from "./storage.js";

const at = "2026-11-28T12:00:00.000Z";
const message = (text, fields) => ({ type: "private", at, from: "bob", to: "alice", text, own: false, seen: true, ...fields });
const texts = (messages) => messages.map(({ text }) => text);

test("a conversation survives a reload", () => {
  const s = storage();
  const said = [message("psst"), message("what?", { from: "alice", to: "bob", own: true }), message("secret", { seen: false })];
  assert.deepEqual(new PrivateStore("p ", () => s).save("@bob", said), said);
  const reloaded = new PrivateStore("p ", () => s);
  assert.deepEqual(reloaded.load("@bob"), said);
  assert.deepEqual(reloaded.load("@carol"), []);
  reloaded.forget("@bob");
  assert.deepEqual(s.saved, {});
});

test("the last messages are kept, of a length in all", () => {
  const s = storage();
  const store = new PrivateStore("p ", () => s);
  const kept = store.save("@bob", Array.from({ length: 150 }, (_, i) => message(`m${i}`)));
  assert.deepEqual([kept.length, kept[0].text, kept.at(-1).text], [100, "m50", "m149"]);
  assert.deepEqual(texts(store.save("@bob", [...Array(20)].map((_, i) => message(`${i}`.padEnd(9_000, "x"))))).map((t) => parseInt(t)), [18, 19]);
  assert.deepEqual(store.save("@bob", [message("x".repeat(30_001))]), []);
});

for (const [saved, want] of [
  ["", []],
  ["{", []],
  ["null", []],
  ["7", []],
  [JSON.stringify([null, 7, { type: "error", code: "x", message: "m" }, message("a"), { ...message("b"), at: "yesterday" }, { ...message("c"), own: "x" }]), ["a", "c"]],
]) {
  test(`of ${saved.slice(0, 30) || "nothing"} what is valid is kept`, () => {
    const found = new PrivateStore("p ", () => storage({ "p @bob": saved })).load("@bob");
    assert.deepEqual(texts(found), want);
    assert.ok(found.every(({ own }) => own === false));
  });
}

test("a denied storage keeps nothing", () => {
  const store = new PrivateStore("p ", denied);
  assert.deepEqual(texts(store.save("@bob", [message("a")])), ["a"]);
  assert.deepEqual(store.load("@bob"), []);
  store.forget("@bob");
});
