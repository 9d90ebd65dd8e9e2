import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts } from "../static/room/drafts.js";
import { storage } from "./storage.js";

test("each room has its own draft, which survives a reload", () => {
  const s = storage();
  const drafts = new Drafts("d ", () => s);
  drafts.set("lobby", "one");
  drafts.set("ops", "two");
  const reloaded = new Drafts("d ", () => s);
  assert.deepEqual(["lobby", "ops", "dev"].map((room) => reloaded.get(room)), ["one", "two", ""]);
  reloaded.set("lobby", "");
  assert.deepEqual(s.saved, { "d ops": "two" });
});

test("a draft that is too long lasts until the page is closed", () => {
  const s = storage();
  const drafts = new Drafts("d ", () => s);
  drafts.set("lobby", "short");
  drafts.set("lobby", "x".repeat(100_001));
  assert.equal(drafts.get("lobby").length, 100_001);
  assert.deepEqual(s.saved, {});
});

test("without storage a draft lasts until the page is closed", () => {
  const drafts = new Drafts("d ", () => {
    throw new Error("denied");
  });
  assert.equal(drafts.get("lobby"), "");
  drafts.set("lobby", "one");
  assert.equal(drafts.get("lobby"), "one");
});
