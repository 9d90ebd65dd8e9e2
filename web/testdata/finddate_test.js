import assert from "node:assert/strict";
import { test } from "node:test";
import { firstSince } from "../static/room/finddate.js";

// server returns the request of a server with messages [id, ms], and counts the requests.
function server(messages) {
  const s = { requests: 0 };
  const said = messages.map(([id, ms]) => ({ id, at: new Date(ms).toISOString() }));
  s.request = async ({ type, id, before, limit }) => {
    s.requests++;
    if (type === "since") return { messages: said.filter((m) => m.id > id).slice(0, limit) };
    return { messages: said.filter((m) => before === undefined || m.id < before).slice(-limit) };
  };
  return s;
}

const start = 28_000_000_000_000;
const hour = 3_600_000;
const rooms = {
  "even": Array.from({ length: 5_000 }, (_, i) => [start + i, i * hour]),
  "with gaps in the ids": Array.from({ length: 5_000 }, (_, i) => [start + i * i, i * hour]),
  "nearly all on one day": Array.from({ length: 5_000 }, (_, i) => [start + i, i < 4_990 ? i : (i - 4_989) * 1_000 * hour]),
  "at one time": Array.from({ length: 100 }, (_, i) => [start + i, 5 * hour]),
  "of one message": [[start, 5 * hour]],
};

for (const [name, messages] of Object.entries(rooms)) {
  test(`the first message since a time is found in a room that is ${name}`, async () => {
    const times = [0, 1, 5 * hour, 5 * hour + 1, 700 * hour - 1, 700 * hour, 4_998 * hour, 4_999 * hour, 10_000 * hour];
    for (const time of times) {
      const s = server(messages);
      const want = messages.find(([, ms]) => ms >= time)?.[0];
      assert.equal((await firstSince(time, s.request))?.id, want, `at ${time}`);
      assert.ok(s.requests < 45, `${s.requests} requests`);
    }
  });
}

test("an empty room has no message of any day", async () => assert.equal(await firstSince(0, server([]).request), undefined));
