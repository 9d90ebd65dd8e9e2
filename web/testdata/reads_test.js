import assert from "node:assert/strict";
import { test } from "node:test";
import { Reads } from "../static/room/reads.js";
import { denied, storage } from "./storage.js";

const key = "read";

test("what was seen is kept, and only increases", () => {
  const s = storage();
  const reads = new Reads(key, () => s);
  reads.set("lobby", 7);
  reads.set("lobby", 5);
  reads.set("lobby", null);
  reads.save();
  assert.equal(reads.get("lobby"), 7);
  assert.equal(new Reads(key, () => s).get("lobby"), 7);
  assert.equal(reads.get("ops"), undefined);
});

test("tabs do not overwrite what others have seen", () => {
  const s = storage();
  const [a, b] = [new Reads(key, () => s), new Reads(key, () => s)];
  a.set("lobby", 7);
  a.set("ops", 3);
  a.save();
  b.set("lobby", 5);
  b.set("dev", 9);
  b.save();
  assert.deepEqual(
    ["lobby", "ops", "dev"].map((room) => new Reads(key, () => s).get(room)),
    [7, 3, 9],
  );
  assert.deepEqual(new Map(a.changed({ key })).get("dev"), 9);
  assert.deepEqual(a.changed({ key: "another" }), []);
});

test("the rooms seen last are kept", () => {
  const s = storage();
  const reads = new Reads(key, () => s);
  for (let i = 0; i < 300; i++) reads.set(`room-${i}`, 1);
  reads.set("room-100", 2);
  reads.save();
  const kept = new Reads(key, () => s);
  assert.equal(kept.get("room-99"), undefined);
  assert.equal(kept.get("room-100"), 2);
  assert.equal(kept.get("room-299"), 1);
});

for (const saved of ["", "null", "{", "7", '{"lobby":7}', '[["lobby"]]', '[["lobby","7"]]', "[null,[7,7]]", '[["lobby",1e300]]']) {
  test(`a storage with ${JSON.stringify(saved)} counts as empty`, () => {
    assert.equal(new Reads(key, () => storage({ [key]: saved })).get("lobby"), undefined);
  });
}

test("without a storage, what was seen lasts until the page is closed", () => {
  const reads = new Reads(key, denied);
  reads.set("lobby", 7);
  reads.save();
  assert.equal(reads.get("lobby"), 7);
});
