// A TabText is what the page needs to take its place in the server again: its token, or its name. Each tab keeps
// its own over a reload, in the session storage. A duplicated tab starts with a copy of that
// storage, but is a member of its own. So the text is in the storage only while the page is
// hidden or unloaded: most tabs are duplicated while they are visible.

import { Item } from "./item.js";

export class TabText {
  value; // undefined if there is none

  #item;
  #stored = false;

  // If the browser denies the storage, the text lasts until the page is unloaded.
  constructor(key, storage = () => sessionStorage) {
    this.#item = new Item(key, storage);
  }

  // set records the text that the server gives.
  set(value) {
    this.value = value;
    if (this.#stored) this.store();
  }

  store() {
    this.#stored = true;
    if (this.value) this.#item.keep(this.value);
  }

  // take removes the text from the storage. It keeps the value that it finds there, which a
  // later page in this tab may have stored.
  take() {
    this.#stored = false;
    this.value = this.#item.text() ?? this.value;
    this.#item.remove();
  }
}
