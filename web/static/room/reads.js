// Reads are the newest messages that the reader has seen, by room. All tabs share them, and they survive the
// end of the browser.

import { Item } from "../net/item.js";

const maxRooms = 200;
const saveDelay = 500; // in milliseconds

export class Reads {
  #key;
  #item;
  #ids; // room → id, the room seen last at the end
  #timer = 0;

  // If the browser denies the storage, the ids last until the page is closed.
  constructor(key, storage = () => localStorage) {
    this.#key = key;
    this.#item = new Item(key, storage);
    this.#ids = this.#load();
  }

  // get returns the id for a room, or undefined.
  get(room) {
    return this.#ids.get(room);
  }

  // set records that the reader has seen the messages up to an id, soon in the storage too.
  set(room, id) {
    if (!Number.isSafeInteger(id) || this.#ids.get(room) >= id) return;
    this.#ids.delete(room);
    this.#ids.set(room, id);
    this.#timer ||= setTimeout(() => this.save(), saveDelay);
  }

  // save stores what set has recorded, at once.
  save() {
    if (this.#timer === 0) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    const stored = this.#load(); // another tab may have changed it
    for (const [room, id] of this.#ids) {
      const newest = Math.max(id, stored.get(room) ?? 0);
      stored.delete(room);
      stored.set(room, newest);
    }
    this.#ids = new Map([...stored].slice(-maxRooms));
    this.#item.keep(JSON.stringify([...this.#ids]));
  }

  // hasStored reports whether a tab has recorded that the reader has seen a message.
  hasStored(room, id) {
    return this.#load().get(room) >= id;
  }

  // changed returns what another tab has stored, [room, id] for each room, if a storage event is about that.
  changed({ key }) {
    return key === this.#key ? [...this.#load()] : [];
  }

  #load() {
    const pairs = this.#item.list() ?? [];
    return new Map(pairs.filter((pair) => typeof pair?.[0] === "string" && Number.isSafeInteger(pair[1])));
  }
}
