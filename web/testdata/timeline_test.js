import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline, between } from "../static/room/timeline.js";

const m = (id) => ({ type: "message", id });
const join = { type: "join" };

test("each live message is shown once, in order", () => {
  const t = new Timeline();
  assert.deepEqual([m(3), m(3), m(2), m(7)].flatMap((e) => t.add(e)), [m(3), m(7)]);
  assert.equal(t.newest, 7);
});

test("events without an id are always shown", () => {
  const t = new Timeline();
  assert.deepEqual([join, m(1), join].flatMap((e) => t.add(e)), [join, m(1), join]);
});

test("the history comes before the held events, without duplicates", () => {
  const t = new Timeline();
  t.hold();
  assert.ok(t.holding);
  assert.deepEqual([m(9), join, m(10)].flatMap((e) => t.add(e)), []);
  assert.deepEqual(t.release([m(7), m(8), m(9)], 8), [m(7), m(8), m(9), join, m(10)]);
  assert.ok(!t.holding);
  assert.deepEqual([m(10), m(11)].flatMap((e) => t.add(e)), [m(11)]);
});

test("an empty room is resumed from its newest id", () => {
  const t = new Timeline();
  assert.equal(t.newest, null);
  t.hold();
  assert.deepEqual(t.release([], 41), []);
  assert.equal(t.newest, 41);
});

test("events that were held when the connection was lost are loaded again", () => {
  const t = new Timeline();
  t.hold();
  t.add(m(9));
  t.abandon();
  assert.equal(t.newest, null);
  t.hold();
  assert.deepEqual(t.release([m(8), m(9)], 9), [m(8), m(9)]);
});

test("ids may start again after the server has lost its history", () => {
  const t = new Timeline();
  t.add(m(1000));
  t.skipTo(5);
  assert.equal(t.newest, 4);
  assert.deepEqual([m(5), m(6)].flatMap((e) => t.add(e)), [m(5), m(6)]);
});

test("between excludes the ids at both ends", () => {
  assert.deepEqual(between([m(4), m(5), m(6), m(7)], 4, 7), [m(5), m(6)]);
  assert.deepEqual(between([m(5)], 4, Infinity), [m(5)]);
});
