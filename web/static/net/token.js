// A Token is the secret with which the page takes its place in the server again. Each tab keeps
// its own over a reload, in the session storage. A duplicated tab starts with a copy of that
// storage, but is a member of its own. So the token is in the storage only while the page is
// hidden or unloaded: most tabs are duplicated while they are visible.

import { Item } from "./item.js";

export class Token {
  value; // undefined if there is none

  #item;
  #stored = false;

  // If the browser denies the storage, the token lasts until the page is unloaded.
  constructor(key, storage = () => sessionStorage) {
    this.#item = new Item(key, storage);
  }

  // set records the token that a welcome gives.
  set(value) {
    this.value = value;
    if (this.#stored) this.store();
  }

  store() {
    this.#stored = true;
    if (this.value) this.#item.keep(this.value);
  }

  // take removes the token from the storage. It keeps the value that it finds there, which a
  // later page in this tab may have stored.
  take() {
    this.#stored = false;
    this.value = this.#item.text() ?? this.value;
    this.#item.remove();
  }
}
