import assert from "node:assert/strict";
import { test } from "node:test";
import { Identity } from "../static/identity.js";

function fakeStorage(initial = {}) {
  const items = new Map(Object.entries(initial));
  return () => ({ getItem: (k) => items.get(k) ?? null, setItem: (k, v) => items.set(k, v) });
}

test("an identity survives a reload", () => {
  const storage = fakeStorage();
  const first = new Identity("k", storage);
  assert.deepEqual([first.token, first.room], [undefined, undefined]);
  first.set({ token: "t", room: "ops" });
  const second = new Identity("k", storage);
  assert.deepEqual([second.token, second.room], ["t", "ops"]);
  assert.equal(new Identity("other", storage).token, undefined);
});

test("an identity ignores what it did not store", () => {
  for (const stored of ["{", "null", "5", '"x"', '{"token":5,"room":{}}']) {
    const { token, room } = new Identity("k", fakeStorage({ k: stored }));
    assert.deepEqual([token, room], [undefined, undefined], stored);
  }
});

test("an identity lasts until the page is closed if the browser denies storage", () => {
  const identity = new Identity("k", () => {
    throw new Error("denied");
  });
  identity.set({ token: "t", room: "ops" });
  assert.deepEqual([identity.token, identity.room], ["t", "ops"]);
});
