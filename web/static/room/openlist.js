// The OpenList keeps which conversations are open over a reload of the page. Each tab has its own.

const maxKept = 64;

export class OpenList {
  #key;
  #storage;

  // storage() may throw, as sessionStorage does if the browser denies storage.
  constructor(key, storage = () => sessionStorage) {
    this.#key = key;
    this.#storage = storage;
  }

  // load returns what was saved: {room} or {person} for each conversation. Another program may have written to
  // the storage, so it leaves out what is neither.
  load() {
    try {
      const saved = JSON.parse(this.#storage().getItem(this.#key));
      return saved.map(valid).filter(Boolean).slice(0, maxKept);
    } catch {
      return [];
    }
  }

  save(conversations) {
    const saved = conversations.map((c) => (c.kind === "room" ? { room: c.name } : { person: c.nick }));
    try {
      this.#storage().setItem(this.#key, JSON.stringify(saved));
    } catch {}
  }
}

const isName = (v) => typeof v === "string" && v !== "" && v.length <= 200;

function valid(saved) {
  if (isName(saved?.room)) return { room: saved.room };
  return isName(saved?.person) ? { person: saved.person } : null;
}
