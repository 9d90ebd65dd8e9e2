// An OutboxStore saves the messages of an Outbox in the session storage, so that they
// survive a reload of the page. Each tab has its own.

const maxSize = 1_000_000; // in characters, well below the quota of browsers

export class OutboxStore {
  complete = true; // whether the last save stored all items

  #key;
  #storage;

  // storage() may throw, as sessionStorage does if the browser denies storage.
  constructor(key, storage = () => sessionStorage) {
    this.#key = key;
    this.#storage = storage;
  }

  load() {
    try {
      const items = JSON.parse(this.#storage().getItem(this.#key)) ?? [];
      return items.filter((i) => typeof i.key === "string" && typeof i.request.text === "string");
    } catch {
      return [];
    }
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
    this.complete = fitting.length === items.length;
    try {
      if (fitting.length > 0) this.#storage().setItem(this.#key, JSON.stringify(fitting));
      else this.#storage().removeItem(this.#key);
    } catch {
      this.complete = items.length === 0;
    }
  }
}
