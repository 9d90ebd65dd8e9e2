import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Updates } from "../static/net/updates.js";

mock.timers.enable({ apis: ["setTimeout", "Date"] });

// settle waits until all that can happen without the passage of time has happened.
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
};

// A Worker stands in for a service worker of a version.
class Worker extends EventTarget {
  state = "installing";
  onstatechange = null;
  activated = false;

  constructor(version) {
    super();
    this.version = version;
  }

  postMessage(message, [port] = []) {
    if (message === "version") port.postMessage(this.version);
    if (message === "activate") this.activated = true;
  }

  become(state) {
    this.state = state;
    const event = new Event("statechange");
    this.onstatechange?.(event);
    this.dispatchEvent(event);
  }
}

// A Registration stands in for the registration of a worker. update() ends with the error fails, if there is one.
class Registration extends EventTarget {
  active = null;
  waiting = null;
  installing = null;
  updates = 0;
  fails = null;
  registered = true;

  async update() {
    this.updates++;
    if (this.fails) throw this.fails;
  }

  async unregister() {
    this.registered = false;
  }
}

const answer = (status, type = "text/plain", text = "") => ({
  status,
  ok: status === 200,
  type: status === 0 ? "opaqueredirect" : "basic",
  headers: new Headers({ "Content-Type": type }),
  text: async () => text,
});

const script = (version) => answer(200, "text/javascript; charset=utf-8", `// A worker.\nconst version = "${version}";\nconst hashes = {};\n`);

// start returns updates for a page of version v1, with what they have done.
function start({ active = "v1", waiting, register, answers = {} } = {}) {
  const registration = new Registration();
  if (active) registration.active = new Worker(active);
  if (waiting) registration.waiting = new Worker(waiting);
  const all = { registration, answers, newer: [], reloads: 0 };
  all.updates = new Updates({
    version: "v1",
    register: register ?? (async () => registration),
    onNewer: (version) => all.newer.push(version),
    get: async (url) => {
      if (!answers[url]) throw new TypeError("no network");
      return answers[url];
    },
    reload: () => all.reloads++,
  });
  all.check = async () => {
    all.updates.check();
    mock.timers.tick(0);
    await settle();
  };
  return all;
}

test("a page of the version that there is offers nothing", async () => {
  const all = start();
  await all.check();
  assert.deepEqual(all.newer, [null]);
  assert.equal(all.registration.updates, 1);
});

test("a worker that waits is offered, and takes over before the page reloads once", async () => {
  const all = start({ waiting: "v2" });
  await all.check();
  assert.deepEqual(all.newer, ["v2"]);
  const { waiting } = all.registration;
  all.updates.change();
  all.updates.change();
  assert.equal(waiting.activated, true);
  waiting.become("activating");
  assert.equal(all.reloads, 0);
  waiting.become("activated");
  waiting.become("redundant");
  assert.equal(all.reloads, 1);
});

test("a worker that is found later is offered when it is installed", async () => {
  const all = start();
  await all.check();
  const worker = new Worker("v2");
  all.registration.installing = worker;
  all.registration.dispatchEvent(new Event("updatefound"));
  await settle();
  assert.deepEqual(all.newer, [null]);
  Object.assign(all.registration, { installing: null, waiting: worker });
  worker.become("installed");
  await settle();
  assert.deepEqual(all.newer, [null, "v2"]);
  assert.equal(all.reloads, 0);
});

test("a page whose worker another tab has replaced does not reload before the reader wants it", async () => {
  const all = start({ waiting: "v2" });
  await all.check();
  Object.assign(all.registration, { active: all.registration.waiting, waiting: null });
  all.registration.active.become("activated");
  await all.check();
  assert.deepEqual(all.newer, ["v2", "v2"]);
  assert.equal(all.reloads, 0);
  all.updates.change();
  assert.equal(all.reloads, 1);
});

test("an installation that fails is tried again", async () => {
  const all = start();
  await all.check();
  const worker = new Worker("v2");
  all.registration.installing = worker;
  all.registration.dispatchEvent(new Event("updatefound"));
  worker.become("redundant");
  mock.timers.tick(0);
  await settle();
  assert.equal(all.registration.updates, 2);
});

test("an installation that always fails is not tried for ever", async () => {
  const all = start();
  await all.check();
  for (let i = 0; i < 10; i++) {
    all.registration.installing = new Worker("v2");
    all.registration.dispatchEvent(new Event("updatefound"));
    all.registration.installing.become("redundant");
    mock.timers.tick(180_000);
    await settle();
  }
  assert.equal(all.registration.updates, 6);
});

test("after three checks there is one every three minutes", async () => {
  const all = start();
  for (let i = 0; i < 5; i++) await all.check();
  assert.equal(all.registration.updates, 3);
  mock.timers.tick(179_000);
  await settle();
  assert.equal(all.registration.updates, 3);
  mock.timers.tick(1_000);
  await settle();
  assert.equal(all.registration.updates, 4);
  await all.check();
  mock.timers.tick(600_000);
  await settle();
  assert.equal(all.registration.updates, 5);
});

const none = () => Promise.reject(new TypeError("no workers"));

test("without workers a page compares itself with the server, and reloads", async () => {
  const all = start({ register: none, answers: { "sw.js": script("v1") } });
  await all.check();
  all.answers["sw.js"] = script("v2");
  await all.check();
  assert.deepEqual(all.newer, [null, "v2"]);
  all.updates.change();
  assert.equal(all.reloads, 1);
});

for (const [name, found] of Object.entries({ "no answer": undefined, "a 404": answer(404), "another text": answer(200, "text/javascript", "alert()") })) {
  test(`without workers ${name} is no newer version`, async () => {
    const all = start({ register: none, answers: { "sw.js": found } });
    await all.check();
    assert.ok(all.newer.every((version) => version === null));
  });
}

const page = answer(200, "text/html");
for (const [name, answers, registered] of [
  ["that can't be reached", {}, true],
  ["that answers 404 to all", { "./": answer(404), "sw.js": answer(404) }, true],
  ["that answers 502 to all", { "./": answer(502), "sw.js": answer(502) }, true],
  ["that does not answer for the worker", { "./": page, "sw.js": answer(502) }, true],
  ["that has the worker", { "./": page, "sw.js": script("v2") }, true],
  ["without a worker", { "./": page, "sw.js": answer(404) }, false],
  ["that has its page at every path", { "./": page, "sw.js": page }, false],
  ["that wants a login", { "./": answer(0), "sw.js": answer(0) }, false],
]) {
  test(`the worker ${registered ? "stays" : "goes"} with a server ${name}`, async () => {
    const all = start({ answers });
    all.registration.fails = new TypeError("the worker can't be loaded");
    await all.check();
    assert.equal(all.registration.registered, registered);
  });
}
