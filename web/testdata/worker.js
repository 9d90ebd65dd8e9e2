// startWorker runs sw.js with stand-ins for what the browser gives it.

import { webcrypto, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import vm from "node:vm";

const source = readFileSync(new URL("../static/sw.js", import.meta.url), "utf8");

export const at = "https://chat.example/party/";

const hash = (text) => createHash("sha256").update(text).digest("base64");

// startWorker returns a worker for files, whose bodies are those of its version. files of the server may be changed
// afterwards. caches are those of the origin, by name.
export function startWorker(version, files, { server = files, caches = new Map() } = {}) {
  const listeners = {};
  const requests = [];
  const worker = { skipped: false, requests, caches };
  const script = source
    .replace('const version = "";', `const version = ${JSON.stringify(version)};`)
    .replace("const hashes = {};", `const hashes = ${JSON.stringify(Object.fromEntries(Object.entries(files).map(([path, body]) => [path, hash(body)])))};`);
  vm.runInNewContext(script, {
    self: {
      location: new URL("sw.js", at),
      addEventListener: (type, listener) => (listeners[type] = listener),
      skipWaiting: () => (worker.skipped = true),
    },
    fetch: async (url, options) => {
      requests.push({ url: String(url), ...options });
      const body = server[`./${String(url).slice(at.length)}`];
      return body === undefined ? new Response("none", { status: 404 }) : new Response(body);
    },
    caches: {
      open: async (name) => {
        if (!caches.has(name)) caches.set(name, new Map());
        const cache = caches.get(name);
        return {
          put: async (url, response) => void cache.set(String(url), await response.text()),
          match: async (url) => (cache.has(String(url)) ? new Response(cache.get(String(url))) : undefined),
        };
      },
      keys: async () => [...caches.keys()],
      delete: async (name) => caches.delete(name),
    },
    crypto: webcrypto,
    URL,
    btoa,
  });
  const wait = (type) => {
    let done;
    listeners[type]({ waitUntil: (promise) => (done = promise) });
    return done;
  };
  worker.install = () => wait("install");
  worker.activate = () => wait("activate");
  // request resolves to the body of the answer, or to undefined if the worker leaves the request to the network.
  worker.request = async (url, { method = "GET", mode = "cors" } = {}) => {
    let answer;
    listeners.fetch({ request: { method, mode, url: String(new URL(url, at)) }, respondWith: (promise) => (answer = promise) });
    return (await answer)?.text();
  };
  worker.ask = (data) => new Promise((resolve) => listeners.message({ data, ports: [{ postMessage: resolve }] }));
  return worker;
}
