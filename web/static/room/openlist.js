// The OpenList keeps which conversations are open over a reload of the page. Each tab has its own.

import { Item } from "../net/item.js";

const maxKept = 64;

export class OpenList {
  #item;

  constructor(key, storage = () => sessionStorage) {
    this.#item = new Item(key, storage);
  }

  // load returns what was saved: {room} or {person} for each conversation. Another program may have written to
  // the storage, so it leaves out what is neither.
  load() {
    return (this.#item.list() ?? []).map(valid).filter(Boolean).slice(0, maxKept);
  }

  save(conversations) {
    const saved = conversations.map((c) => (c.kind === "room" ? { room: c.name } : { person: c.nick }));
    this.#item.keep(JSON.stringify(saved));
  }
}

const isName = (v) => typeof v === "string" && v !== "" && v.length <= 200;

function valid(saved) {
  if (isName(saved?.room)) return { room: saved.room };
  return isName(saved?.person) ? { person: saved.person } : null;
}
