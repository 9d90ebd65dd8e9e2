import assert from "node:assert/strict";
import { test } from "node:test";
import { read, roomName, write } from "../static/room/address.js";

const base = "https://example.org/chat/";

test("an address names a room and a person", () => {
  assert.deepEqual(read(base), { room: "lobby", person: "" });
  assert.deepEqual(read(`${base}?room=%23Ops`), { room: "ops", person: "" });
  assert.deepEqual(read(`${base}?room=ops&with=Bob#m7`), { room: "ops", person: "Bob" });
  assert.equal(read(`${base}?room=${"x".repeat(10_000)}`).room.length, 200);
});

test("the name of a room is compared in lower case and without #", () => assert.equal(roomName(" #Ops "), "ops"));

for (const [from, room, person, want] of [
  ["", "lobby", "", ""],
  ["#m7", "lobby", "", "#m7"],
  ["#m7", "ops", "", "?room=ops"],
  ["?room=Ops#m7", "ops", "", "?room=Ops#m7"],
  ["?room=ops#m7", "lobby", "", "?room=lobby"],
  ["?room=ops&x=1", "dev", "", "?room=dev&x=1"],
  ["?room=ops", "ops", "bob", "?room=ops&with=bob"],
  ["?room=ops&with=bob", "ops", "", "?room=ops"],
  ["", "a&b", "", "?room=a%26b"],
]) {
  test(`from ${from || "no query"} to ${room} ${person}`, () => assert.equal(write(base + from, room, person), base + want));
}
