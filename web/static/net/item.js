// An Item is a text in the storage of the browser. The browser may deny the storage, or have no space left: then the
// text is not kept. Another program may have written to the storage, so what is read may be anything.

export class Item {
  #key;
  #storage;

  // storage() may throw, as localStorage and sessionStorage do if the browser denies them.
  constructor(key, storage) {
    this.#key = key;
    this.#storage = storage;
  }

  // text returns the text, or null if there is none.
  text() {
    try {
      return this.#storage().getItem(this.#key);
    } catch {
      return null;
    }
  }

  // list returns the text as a list in JSON, or null if it is none.
  /** @returns {any[] | null} */
  list() {
    try {
      const value = JSON.parse(this.text() ?? "null");
      return Array.isArray(value) ? value : null;
    } catch {
      return null;
    }
  }

  // keep keeps a text in place of the one before. It reports whether that was possible.
  keep(text) {
    try {
      this.#storage().setItem(this.#key, text);
      return true;
    } catch {
      return false;
    }
  }

  // remove removes the text. It reports whether that was possible.
  remove() {
    try {
      this.#storage().removeItem(this.#key);
      return true;
    } catch {
      return false;
    }
  }
}
