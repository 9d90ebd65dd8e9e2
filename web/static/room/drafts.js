// Drafts are the texts that the reader has begun to write, one for each room. They survive a reload of the
// page. Each tab has its own.

import { Item } from "../net/item.js";

const maxLength = 100_000; // characters of a draft that is kept

export class Drafts {
  #prefix;
  #storage;
  #kept = new Map(); // room → text

  // If the browser denies the storage, the drafts last until the page is closed.
  constructor(prefix, storage = () => sessionStorage) {
    this.#prefix = prefix;
    this.#storage = storage;
  }

  // get returns the draft for a room, or "".
  get(room) {
    return this.#kept.get(room) ?? this.#item(room).text() ?? "";
  }

  set(room, text) {
    this.#kept.set(room, text);
    if (text === "" || text.length > maxLength) this.#item(room).remove();
    else this.#item(room).keep(text);
  }

  #item(room) {
    return new Item(this.#prefix + room, this.#storage);
  }
}
