// Pending shows what was typed and is not yet said: as it will look, at the end of the log,
// with a sign that it isn't there yet, or with the reason why it won't be.

import { el, entryFor, sign } from "./entries.js";

export class Pending {
  #made = new Map(); // key → {item, looks, entry}
  #retry;
  #discard;

  // retry(item) and discard(item) are what a person can do with one that failed.
  constructor({ retry, discard }) {
    this.#retry = retry;
    this.#discard = discard;
  }

  // draw returns the entries of items. One that looks as before is the same element, so
  // that whoever is about to press its button still can.
  draw(items, me) {
    const made = new Map();
    for (const item of items) {
      const looks = JSON.stringify([item.state, item.why, me]);
      const before = this.#made.get(item.key);
      const same = before?.item === item && before.looks === looks;
      made.set(item.key, same ? before : { item, looks, entry: this.#entry(item, me) });
    }
    this.#made = made;
    return [...made.values()].map(({ entry }) => entry);
  }

  #entry(item, me) {
    const { request, at, state } = item;
    const type = request.type === "me" ? "action" : "message";
    const entry = entryFor({ type, from: me, at: new Date(at).toISOString(), text: request.text }, me);
    entry.querySelector("time").remove();
    entry.classList.add(state);
    // A screen reader reads it out when it is said; until then only if that takes long.
    entry.ariaLive = state === "waiting" ? "polite" : "off";
    if (state === "failed") entry.append(this.#failure(item));
    else entry.append(sign("sign", state === "waiting" ? "waiting…" : "sending…", "Not said yet"));
    return entry;
  }

  #failure(item) {
    const why = el("p", "refusal", item.why);
    why.role = "alert";
    return el("div", "failure", why, button("Try again", () => this.#retry(item)), button("Discard", () => this.#discard(item)));
  }
}

function button(label, onClick) {
  const e = el("button", "quiet", label);
  e.type = "button";
  e.addEventListener("click", onClick);
  return e;
}
