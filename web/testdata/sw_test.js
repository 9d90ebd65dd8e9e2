import assert from "node:assert/strict";
import { test } from "node:test";
import { at, startWorker } from "./worker.js";

const files = { "./": "page", "./main.js": "main", "./net/clock.js": "clock" };
const cache = "partyline /party/ v1";
const kept = Object.fromEntries(Object.entries(files).map(([path, body]) => [new URL(path, at).href, body]));

test("the worker keeps all files, as the server has them now", async () => {
  const worker = startWorker("v1", files);
  await worker.install();
  assert.deepEqual(Object.fromEntries(worker.caches.get(cache)), kept);
  assert.deepEqual(worker.requests, Object.keys(kept).map((url) => ({ url, cache: "no-cache", redirect: "error" })));
  assert.equal(worker.skipped, false);
});

for (const path of Object.keys(files)) {
  test(`the worker is not installed with ${path} of another version`, () =>
    assert.rejects(startWorker("v1", files, { server: { ...files, [path]: "other" } }).install(), /is not of version v1/));
  test(`the worker is not installed without ${path}`, () =>
    assert.rejects(startWorker("v1", files, { server: { ...files, [path]: undefined } }).install(), /status 404/));
}

test("the worker answers from what it keeps", async () => {
  const server = { ...files };
  const worker = startWorker("v1", files, { server });
  await worker.install();
  for (const path of Object.keys(files)) server[path] = "newer";
  for (const [url, want] of [["", "page"], ["?room=ops", "page"]]) assert.equal(await worker.request(url, { mode: "navigate" }), want);
  for (const [url, want] of [["main.js", "main"], ["net/clock.js?x", "clock"]]) assert.equal(await worker.request(url), want);
  assert.equal(worker.requests.length, 3);
});

for (const url of ["ws", "sw.js", "log/lobby", "m/lobby/3", "healthz", "debug/proxy", "admin", "index.html", "net/", "constructor", "../", "../main.js", "https://other.example/party/main.js"]) {
  test(`the worker leaves ${url} to the network`, async () => {
    const worker = startWorker("v1", files);
    await worker.install();
    for (const mode of ["cors", "navigate"]) assert.equal(await worker.request(url, { mode }), undefined);
  });
}

test("the worker leaves other methods to the network, and what is no visit of the page", async () => {
  const worker = startWorker("v1", files);
  await worker.install();
  assert.equal(await worker.request("main.js", { method: "HEAD" }), undefined);
  assert.equal(await worker.request("", { method: "POST", mode: "navigate" }), undefined);
  assert.equal(await worker.request(""), undefined);
});

test("the worker loads a file that it has lost, of its version only", async () => {
  const server = { ...files };
  const worker = startWorker("v1", files, { server });
  await worker.install();
  worker.caches.clear();
  assert.equal(await worker.request("main.js"), "main");
  assert.equal(worker.caches.get(cache).get(`${at}main.js`), "main");
  server["./net/clock.js"] = "newer";
  await assert.rejects(worker.request("net/clock.js"), /is not of version v1/);
});

test("a new version deletes the others of this server, when it takes over", async () => {
  const caches = new Map(["partyline /party/ v0", "partyline / v0", "partyline /party/b/ v0", "another program"].map((name) => [name, new Map()]));
  const worker = startWorker("v1", files, { caches });
  await worker.install();
  assert.equal(caches.size, 5);
  await worker.activate();
  assert.deepEqual([...caches.keys()].sort(), ["another program", "partyline / v0", cache, "partyline /party/b/ v0"].sort());
});

test("the worker says its version, and takes over when it is asked to", async () => {
  const worker = startWorker("v1", files);
  assert.equal(await worker.ask("version"), "v1");
  assert.equal(worker.skipped, false);
  worker.ask("activate");
  assert.equal(worker.skipped, true);
});
