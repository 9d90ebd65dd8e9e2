import assert from "node:assert/strict";
import { test } from "node:test";
import { Roster } from "../static/room/roster.js";

test("the names start with the member that was active last", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const roster = new Roster({}, {}); // it draws nothing until it is shown
  roster.set([{ nick: "zoe" }, { nick: "bob", idle: 60 }, { nick: "alice" }, { nick: "carol", idle: 10 }], 4);
  assert.deepEqual(roster.names, ["alice", "zoe", "carol", "bob"]);
  t.mock.timers.tick(60_000);
  roster.active("BOB");
  assert.deepEqual(roster.names, ["bob", "alice", "zoe", "carol"]);
  t.mock.timers.tick(60_000);
  roster.join({ nick: "dave" });
  roster.rename({ nick: "carol", to: "caroline" });
  roster.leave({ nick: "zoe" });
  assert.deepEqual(roster.names, ["dave", "bob", "alice", "caroline"]);
});
