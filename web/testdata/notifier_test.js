import assert from "node:assert/strict";
import { test } from "node:test";
import { Notifier } from "../static/room/notifier.js";
import { storage } from "./storage.js";

const ops = { kind: "room", key: "ops", label: "#ops" };
const bob = { kind: "private", key: "@bob", label: "bob" };
const message = (text, from = "carol") => ({ from, text });

// setUp returns a notifier that may notify and play, with a fake browser and fake timers.
async function setUp(t, on = ["desktop", "sound"]) {
  const s = { shown: [], sounds: 0, seen: [], time: 0 };
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Date, "now", () => s.time);
  t.mock.method(performance, "now", () => s.time);
  globalThis.Notification = class {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor(title, { body, tag }) {
      s.shown.push([title, body, tag]);
    }
  };
  const kept = storage();
  s.notifier = new Notifier("n", { isSeen: (c, { text }) => s.seen.includes(text), onClick() {}, storage: () => kept, playSound: () => s.sounds++ });
  for (const kind of on) assert.ok(await s.notifier.set(kind, true));
  s.wait = (ms) => {
    s.time += ms;
    t.mock.timers.tick(ms);
  };
  return s;
}

test("a message that is seen within a second is not told", async (t) => {
  const s = await setUp(t);
  s.notifier.tell(ops, message("seen"));
  s.notifier.tell(bob, message("psst", "bob"));
  s.seen.push("seen");
  s.wait(1_000);
  assert.deepEqual(s.shown, [["bob", "psst", "partyline @bob"]]);
  assert.equal(s.sounds, 1);
});

test("of many messages the last one of each second is told, and few sounds are played", async (t) => {
  const s = await setUp(t);
  for (let i = 0; i < 100; i++) {
    s.notifier.tell(ops, message(`m${i}`));
    s.wait(100);
  }
  s.wait(1_000);
  assert.equal(s.shown.length, 10);
  assert.deepEqual(s.shown.at(-1), ["carol in #ops", "m99", "partyline ops"]);
  assert.ok(s.sounds <= 4, `${s.sounds} sounds`);
});

test("a kind that is off tells nothing", async (t) => {
  const s = await setUp(t, []);
  s.notifier.tell(ops, message("hello"));
  s.wait(1_000);
  assert.deepEqual([s.shown, s.sounds], [[], 0]);
  await s.notifier.set("sound", true);
  s.notifier.tell(ops, message("hello"));
  s.wait(1_000);
  assert.deepEqual([s.shown, s.sounds], [[], 1]);
});

test("notifications that the browser does not permit are off", async (t) => {
  const s = await setUp(t, ["desktop"]);
  globalThis.Notification.permission = "denied";
  globalThis.Notification.requestPermission = async () => "denied";
  assert.ok(!s.notifier.isOn("desktop"));
  assert.ok(!(await s.notifier.set("desktop", true)));
});
