import assert from "node:assert/strict";
import { test } from "node:test";
import { Muted } from "../static/room/muted.js";
import { denied, storage } from "./storage.js";

test("what is muted is kept, and shared by tabs", () => {
  const s = storage();
  const [a, b] = [new Muted("m", () => s), new Muted("m", () => s)];
  a.toggle("@bob");
  assert.ok(b.changed({ key: "m" }));
  b.toggle("ops");
  const later = new Muted("m", () => s);
  assert.deepEqual(["@bob", "ops", "lobby"].map((key) => later.has(key)), [true, true, false]);
  assert.ok(later.hides({ from: "BOB" }));
  assert.ok(!later.hides({ from: "bob", own: true }));
  assert.ok(!later.hides({ from: "ops" }));
  assert.ok(!later.hides({}));
  later.toggle("@bob");
  assert.ok(!new Muted("m", () => s).has("@bob"));
  assert.ok(!a.changed({ key: "another" }));
});

for (const saved of ["", "{", "null", "7", '{"@bob":1}', "[7,null]"]) {
  test(`a storage with ${JSON.stringify(saved)} mutes nobody`, () => assert.ok(!new Muted("m", () => storage({ m: saved })).has("@bob")));
}

test("without a storage it lasts until the page is closed", () => {
  const muted = new Muted("m", denied);
  muted.toggle("@bob");
  assert.ok(muted.has("@bob"));
  muted.toggle("@bob");
  assert.ok(!muted.has("@bob"));
});
