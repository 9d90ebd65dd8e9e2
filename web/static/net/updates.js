// Updates find out that there is a newer version of the page, and change to it when the reader wants that.
//
// A browser that has service workers keeps the page in one (sw.js). A newer worker waits until the reader
// changes to it. Without workers a reload gets the version that the server has.

import { now, since } from "./clock.js";

const pause = 3 * 60_000; // between two checks, in milliseconds
const maxRetries = 5; // after installations that failed
const immediate = 3; // checks without a pause: when the page opens, and when it loses and finds the server

export class Updates {
  #version;
  #register;
  #onNewer;
  #get;
  #reload;
  /** @type {ServiceWorkerRegistration | null} */
  #registration = null;
  #checks = 0;
  #checkedAt = now();
  #timer = 0;
  #retries = 0;

  // version is that of the page that runs. register() resolves to the registration of the worker, and fails if the
  // browser has no workers here. onNewer is called with the version that the page can change to, or with null if
  // that is its own.
  constructor({ version, register, onNewer, get = (url, options) => fetch(url, options), reload = () => location.reload() }) {
    this.#version = version;
    this.#register = register;
    this.#onNewer = onNewer;
    this.#get = get;
    this.#reload = reload;
  }

  // check looks for a newer version, at once or when some time has passed since the last check. It is called when
  // the server may have changed.
  check() {
    if (this.#timer) return;
    const wait = this.#checks++ < immediate ? 0 : Math.max(0, pause - since(this.#checkedAt));
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#checkedAt = now();
      this.#look().catch(() => {}); // the server can't be reached
    }, wait);
  }

  // change reloads the page, in the newer version.
  change() {
    const worker = this.#registration?.waiting;
    if (!worker) return this.#reload(); // another tab has changed to it, or there is no worker
    worker.onstatechange = () => {
      if (worker.state === "activating") return;
      worker.onstatechange = null;
      this.#reload();
    };
    worker.postMessage("activate");
  }

  async #look() {
    const registration = await this.#find();
    if (!registration) return this.#compare(await this.#serverVersion());
    try {
      await registration.update();
    } catch {
      if (await this.#replaced()) await registration.unregister();
    }
    await this.#compareWorker();
  }

  // find returns the registration of the worker, or null if there can be none.
  async #find() {
    try {
      const registration = await this.#register();
      if (registration !== this.#registration) {
        this.#registration = registration;
        registration.addEventListener("updatefound", () => this.#watch(registration.installing));
        this.#watch(registration.installing);
      }
      return registration;
    } catch {
      return null;
    }
  }

  // watch follows a worker that is being installed, if there is one.
  #watch(worker) {
    worker?.addEventListener("statechange", () => {
      if (worker.state !== "redundant") this.#compareWorker();
      else if (this.#retries++ < maxRetries) this.check(); // the server was being replaced
    });
  }

  async #compareWorker() {
    const worker = this.#registration?.waiting ?? this.#registration?.active;
    if (worker) this.#compare(await versionOf(worker));
  }

  #compare(version) {
    this.#onNewer(version === this.#version ? null : version);
  }

  async #serverVersion() {
    const response = await this.#get("sw.js", { cache: "no-cache" });
    const [, version] = /^const version = "([\w-]+)";$/m.exec(response.ok ? await response.text() : "") ?? [];
    return version ?? this.#version;
  }

  // replaced reports whether the server has a page but no worker. It is another program, an older version, or
  // the login of a proxy. The worker would hide it.
  async #replaced() {
    const [page, script] = await Promise.all(["./", "sw.js"].map((path) => this.#get(path, { cache: "no-cache", redirect: "manual" })));
    if (!page.ok && !isRedirect(page)) return false; // a proxy may answer 404 while the server restarts
    const isScript = script.headers.get("Content-Type")?.includes("javascript");
    return script.status === 404 || script.status === 410 || isRedirect(script) || (script.ok && !isScript);
  }
}

const isRedirect = (response) => response.type === "opaqueredirect";

function versionOf(worker) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      port1.close();
      resolve(data);
    };
    worker.postMessage("version", [port2]);
  });
}
