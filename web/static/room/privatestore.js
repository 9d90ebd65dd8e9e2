// A PrivateStore keeps what was said in private conversations over a reload of the page, since the server does
// not store it. Each tab has its own.

import { typed } from "../net/event.js";

const maxMessages = 100; // of a conversation
const maxLength = 30_000; // characters of a conversation in the storage, so that those that others open leave space

export class PrivateStore {
  #prefix;
  #storage;

  // storage() may throw, as sessionStorage does if the browser denies storage.
  constructor(prefix, storage = () => sessionStorage) {
    this.#prefix = prefix;
    this.#storage = storage;
  }

  // load returns the messages of the conversation with a key, oldest first. Another program may have written to
  // the storage, so it leaves out what is no message.
  load(key) {
    try {
      const saved = JSON.parse(this.#storage().getItem(this.#prefix + key));
      return saved.map(restore).filter(Boolean).slice(-maxMessages);
    } catch {
      return [];
    }
  }

  // save keeps the last messages, and returns them.
  save(key, messages) {
    let kept = messages.slice(-maxMessages);
    while (JSON.stringify(kept).length > maxLength) kept = kept.slice(Math.ceil(kept.length / 2));
    try {
      this.#storage().setItem(this.#prefix + key, JSON.stringify(kept));
    } catch {}
    return kept;
  }

  forget(key) {
    try {
      this.#storage().removeItem(this.#prefix + key);
    } catch {}
  }
}

function restore(saved) {
  const event = typed(saved, ["private"]);
  return event && { ...event, own: saved.own === true };
}
