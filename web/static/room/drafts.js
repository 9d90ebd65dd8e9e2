// Drafts are the texts that the reader has begun to write, one for each room. They survive a reload of the
// page. Each tab has its own.

const maxLength = 100_000; // characters of a draft that is kept

export class Drafts {
  #prefix;
  #storage;
  #kept = new Map(); // room → text

  // storage() may throw, as sessionStorage does if the browser denies storage. Then the drafts last until
  // the page is closed.
  constructor(prefix, storage = () => sessionStorage) {
    this.#prefix = prefix;
    this.#storage = storage;
  }

  // get returns the draft for a room, or "".
  get(room) {
    if (this.#kept.has(room)) return this.#kept.get(room);
    try {
      return this.#storage().getItem(this.#prefix + room) ?? "";
    } catch {
      return "";
    }
  }

  set(room, text) {
    this.#kept.set(room, text);
    try {
      if (text === "" || text.length > maxLength) this.#storage().removeItem(this.#prefix + room);
      else this.#storage().setItem(this.#prefix + room, text);
    } catch {}
  }
}
