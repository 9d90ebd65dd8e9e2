// A Token is the secret with which the page takes its place in the server again. Each tab keeps
// its own over a reload, in the session storage. A duplicated tab starts with a copy of that
// storage, but is a member of its own. So the token is in the storage only while the page is
// hidden or unloaded: most tabs are duplicated while they are visible.

export class Token {
  value; // undefined if there is none

  #key;
  #storage;
  #stored = false;

  // storage() may throw, as sessionStorage does if the browser denies storage. Then the token
  // lasts until the page is unloaded.
  constructor(key, storage = () => sessionStorage) {
    this.#key = key;
    this.#storage = storage;
  }

  // set records the token that a welcome gives.
  set(value) {
    this.value = value;
    if (this.#stored) this.store();
  }

  store() {
    this.#stored = true;
    try {
      if (this.value) this.#storage().setItem(this.#key, this.value);
    } catch {}
  }

  // take removes the token from the storage. It keeps the value that it finds there, which a
  // later page in this tab may have stored.
  take() {
    this.#stored = false;
    try {
      this.value = this.#storage().getItem(this.#key) ?? this.value;
      this.#storage().removeItem(this.#key);
    } catch {}
  }
}
