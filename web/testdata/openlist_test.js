import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenList } from "../static/room/openlist.js";
import { denied, storage } from "./storage.js";

const key = "open";

test("the conversations are kept over a reload", () => {
  const s = storage();
  new OpenList(key, () => s).save([{ kind: "room", name: "ops" }, { kind: "private", nick: "Bob" }]);
  assert.deepEqual(new OpenList(key, () => s).load(), [{ room: "ops" }, { person: "Bob" }]);
});

for (const [saved, want] of [
  ["", []],
  ["null", []],
  ["{", []],
  ['{"room":"ops"}', []],
  ['[null,7,{},{"room":7},{"room":""},{"room":"ops","person":"bob","x":1},{"person":"bob"}]', [{ room: "ops" }, { person: "bob" }]],
  [JSON.stringify([{ room: "x".repeat(201) }]), []],
]) {
  test(`of ${JSON.stringify(saved)} what is valid is kept`, () => {
    assert.deepEqual(new OpenList(key, () => storage({ [key]: saved })).load(), want);
  });
}

test("at most 64 conversations are kept", () => {
  const saved = JSON.stringify(Array.from({ length: 100 }, (_, i) => ({ room: `r${i}` })));
  assert.equal(new OpenList(key, () => storage({ [key]: saved })).load().length, 64);
});

test("a denied storage keeps nothing", () => {
  const list = new OpenList(key, denied);
  list.save([{ kind: "room", name: "ops" }]);
  assert.deepEqual(list.load(), []);
});
