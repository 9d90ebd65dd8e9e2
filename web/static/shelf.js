// A Shelf keeps what was typed and not yet said over a reload of the page, for this tab
// alone. It has room for so much; where storage is denied it has none.

const most = 1_000_000; // characters, well below what browsers grant a page

export class Shelf {
  whole = true; // whether all that was to be kept is kept

  #name;
  #storage;

  // storage() may throw, as sessionStorage does where it is denied.
  constructor(name, storage = () => sessionStorage) {
    this.#name = name;
    this.#storage = storage;
  }

  load() {
    try {
      const items = JSON.parse(this.#storage().getItem(this.#name)) ?? [];
      return items.filter((i) => typeof i.key === "string" && typeof i.request.text === "string");
    } catch {
      return [];
    }
  }

  // save keeps the first of the items, as many as there is room for.
  save(items) {
    const fits = [];
    let size = 0;
    for (const item of items) {
      size += JSON.stringify(item).length + 1;
      if (size > most) break;
      fits.push(item);
    }
    this.whole = fits.length === items.length;
    try {
      if (fits.length > 0) this.#storage().setItem(this.#name, JSON.stringify(fits));
      else this.#storage().removeItem(this.#name);
    } catch {
      this.whole = items.length === 0;
    }
  }
}
