import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomList } from "../static/room/roomlist.js";

const lobby = [{ room: "lobby", count: 2 }];
const ops = [{ room: "ops", count: 1 }];

// connect returns a connection that gives these answers.
function connect(...answers) {
  return {
    state: "open",
    asked: 0,
    request(request) {
      assert.deepEqual(request, { type: "rooms" });
      this.asked++;
      return answers.shift()();
    },
  };
}

test("an answer is used again for a few seconds", async (t) => {
  t.mock.timers.enable({ apis: ["Date"] });
  const connection = connect(async () => ({ rooms: lobby }), async () => ({ rooms: ops }));
  const list = new RoomList(() => connection);
  assert.deepEqual(list.known, []);
  const answer = list.load();
  assert.equal(list.load(), answer);
  await answer;
  assert.deepEqual(list.known, lobby);
  assert.equal(list.load(), null);
  assert.equal(connection.asked, 1);
  t.mock.timers.tick(5_000);
  await list.load();
  assert.deepEqual(list.known, ops);
  assert.equal(connection.asked, 2);
});

test("without a connection nothing is asked", () => {
  const connection = connect();
  connection.state = "waiting";
  assert.equal(new RoomList(() => connection).load(), null);
  assert.equal(connection.asked, 0);
});

test("after a refusal the rooms are those of the last answer", async (t) => {
  t.mock.timers.enable({ apis: ["Date"] });
  const connection = connect(async () => ({ rooms: lobby }), async () => Promise.reject(new Error("no")));
  const list = new RoomList(() => connection);
  await list.load();
  t.mock.timers.tick(5_000);
  await list.load();
  assert.deepEqual(list.known, lobby);
});
