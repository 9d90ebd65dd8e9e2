// The Identity is what the page needs to continue as the same member when it reconnects or
// reloads: the token of its last welcome, and its room. Each tab has its own; a duplicated tab
// starts with a copy.

export class Identity {
  token;
  room;

  #key;
  #storage;

  // storage() may throw, as sessionStorage does if the browser denies storage.
  constructor(key, storage = () => sessionStorage) {
    this.#key = key;
    this.#storage = storage;
    try {
      const { token, room } = JSON.parse(storage().getItem(key)) ?? {};
      if (typeof token === "string") this.token = token;
      if (typeof room === "string") this.room = room;
    } catch {}
  }

  // set records what a welcome gives.
  set({ token, room }) {
    Object.assign(this, { token, room });
    try {
      this.#storage().setItem(this.#key, JSON.stringify({ token, room }));
    } catch {}
  }
}
