import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../static/net/refusal.js";

const answer = (status, text, retryAfter) => async () => new Response(text, { status, headers: retryAfter ? { "Retry-After": retryAfter } : {} });

for (const [name, get, want] of [
  ["full", answer(503, "the server is full: try again later\n", "30"), { message: "the server is full: try again later", after: 30_000 }],
  ["too many", answer(429, "too many", "60"), { message: "too many", after: 60_000 }],
  ["no time", answer(503, "ending"), { message: "ending", after: 0 }],
  ["a date", answer(503, "ending", "Wed, 21 Oct 2026 07:28:00 GMT"), { message: "ending", after: 0 }],
  ["a negative time", answer(503, "ending", "-1"), { message: "ending", after: 0 }],
  ["too long a time", answer(503, "ending", "1e9"), { message: "ending", after: 600_000 }],
  ["no text", answer(503, "", "1"), { message: "the server refuses connections", after: 1000 }],
  ["too long a text", answer(503, "x".repeat(1e5)), { message: "x".repeat(200), after: 0 }],
  ["an upgrade", answer(426, "this is a WebSocket"), null],
  ["the page of a proxy", answer(502, "<html>"), null],
  ["no answer", async () => { throw new Error("network"); }, null],
]) {
  test(name, async () => assert.deepEqual(await explain("http://x/ws", get), want));
}
