// The service worker keeps all assets of one version of the page, and answers requests for them. So the page opens
// without a connection, and never combines assets of several versions.
//
// A newer version waits until no tab has the page open, or the reader asks for it (net/updates.js).

// The server fills in its version, and the SHA-256 of each asset in base64, by its path relative to the page.
const version = "";
const hashes = {};

const page = new URL("./", self.location.href);
const cachePrefix = `partyline ${page.pathname} `; // an origin may have several servers
const cacheName = cachePrefix + version;

self.addEventListener("install", (event) => event.waitUntil(Promise.all(Object.keys(hashes).map(load))));

self.addEventListener("activate", (event) => event.waitUntil(deleteOthers()));

self.addEventListener("fetch", (event) => {
  const path = assetOf(event.request);
  if (path !== null) event.respondWith(find(path));
});

self.addEventListener("message", ({ data, ports }) => {
  if (data === "version") ports[0].postMessage(version);
  if (data === "activate") self.skipWaiting();
});

// load gets an asset from the server and keeps it. It rejects if the server does not have it in this version, as
// when the server is being replaced.
async function load(path) {
  const response = await fetch(new URL(path, page), { cache: "no-cache", redirect: "error" });
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  const kept = response.clone();
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  if (btoa(String.fromCharCode(...new Uint8Array(digest))) !== hashes[path]) throw new Error(`${path} is not of version ${version}`);
  const cache = await caches.open(cacheName);
  await cache.put(new URL(path, page), kept);
}

// find returns an asset. If it has lost it, it loads it again.
async function find(path) {
  return (await kept(path)) ?? (await load(path), kept(path));
}

async function kept(path) {
  const cache = await caches.open(cacheName);
  return cache.match(new URL(path, page), { ignoreVary: true });
}

// assetOf returns the path of the asset that a request is for, or null. A request for the page that is no
// navigation is for what the server has.
function assetOf({ method, mode, url }) {
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== page.origin || !pathname.startsWith(page.pathname)) return null;
  const path = `./${pathname.slice(page.pathname.length)}`;
  if (!Object.hasOwn(hashes, path)) return null;
  return path === "./" && mode !== "navigate" ? null : path;
}

async function deleteOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(cachePrefix) && name !== cacheName).map((name) => caches.delete(name)));
}
