// A PrivateStore keeps what was said in private conversations over a reload of the page, since the server does
// not store it, and which messages the reader has seen. Each tab has its own.

import { Item } from "../net/item.js";
import { typed } from "../net/event.js";

const maxMessages = 100; // of a conversation
const maxLength = 30_000; // characters of a conversation in the storage, so that those that others open leave space

export class PrivateStore {
  #prefix;
  #storage;

  constructor(prefix, storage = () => sessionStorage) {
    this.#prefix = prefix;
    this.#storage = storage;
  }

  // load returns the messages of the conversation with a key, oldest first. Another program may have written to
  // the storage, so it leaves out what is no message.
  load(key) {
    return (this.#item(key).list() ?? []).map(restore).filter(Boolean).slice(-maxMessages);
  }

  // save keeps the last messages, and returns them.
  save(key, messages) {
    let kept = messages.slice(-maxMessages);
    while (JSON.stringify(kept).length > maxLength) kept = kept.slice(Math.ceil(kept.length / 2));
    this.#item(key).keep(JSON.stringify(kept));
    return kept;
  }

  forget(key) {
    this.#item(key).remove();
  }

  #item(key) {
    return new Item(this.#prefix + key, this.#storage);
  }
}

function restore(saved) {
  const event = typed(saved, ["private"]);
  return event && { ...event, own: saved.own === true, seen: saved.seen !== false };
}
