// An OutboxStore saves the messages of an Outbox in the session storage, so that they
// survive a reload of the page. Each tab has its own.

import { Item } from "./item.js";
import { now } from "./clock.js";
import { t } from "../i18n/i18n.js";

const maxSize = 1_000_000; // in characters, well below the quota of browsers

export class OutboxStore {
  complete = true; // whether the last save stored all items

  #item;

  constructor(key, storage = () => sessionStorage) {
    this.#item = new Item(key, storage);
  }

  // load returns the items that were saved. Another program may have written to the storage, so it leaves
  // out what is no item.
  /** @returns {Omit<import("./outbox.js").Item, "tries">[]} */
  load() {
    return (this.#item.list() ?? []).map(restore).filter((item) => item !== null);
  }

  // save stores as many of the first items as fit, and sets complete.
  save(items) {
    const fitting = [];
    let size = 0;
    for (const item of items) {
      size += JSON.stringify(item).length + 1;
      if (size > maxSize) break;
      fitting.push(item);
    }
    const saved = fitting.length > 0 ? this.#item.keep(JSON.stringify(fitting)) : this.#item.remove();
    this.complete = items.length === 0 || (saved && fitting.length === items.length);
  }
}

// restore returns a saved item, or null if it has no text that the page could send or show. An item without
// a valid date was written now. One that was sent at an unknown time has failed, since the server may no
// longer have its key.
function restore(saved) {
  const { key, request, room, typed, at, state, why, written } = saved ?? {};
  const { type, text } = request ?? {};
  const complete = [key, room, text].every((s) => typeof s === "string");
  if (!complete || (type !== "say" && type !== "me")) return null;
  const item = { key, request: { type, text }, room, typed: typeof typed === "string" ? typed : text, at: isDate(at) ? at : now().date };
  const sent = written !== undefined;
  if (sent && isDate(written?.date) && Number.isFinite(written.steady)) item.written = written;
  if (state !== "failed" && (!sent || item.written)) return { ...item, state: "waiting" };
  return { ...item, state: "failed", why: typeof why === "string" ? why : t("perhapsNotSent") };
}

const maxDate = 8.64e15; // ECMA-262 section 21.4.1.1

function isDate(v) {
  return Number.isFinite(v) && Math.abs(v) <= maxDate;
}
