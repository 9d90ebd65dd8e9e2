// Muted are the conversations that the reader does not want to hear of: rooms, whose messages do not count as
// unread, and persons, whose messages are not shown. All tabs share them.

import { Item } from "../net/item.js";
import { privateKey } from "./key.js";

const maxMuted = 500;

export class Muted {
  #key;
  #item;
  #keys; // of conversations

  // If the browser denies the storage, they last until the page is closed.
  constructor(key, storage = () => localStorage) {
    this.#key = key;
    this.#item = new Item(key, storage);
    this.#keys = this.#load();
  }

  // has reports whether the conversation with a key is muted.
  has(key) {
    return this.#keys.has(key);
  }

  // hides reports whether an event is of a person that is muted.
  /** @param {{from?: string, own?: boolean}} event */
  hides({ from, own }) {
    return from !== undefined && !own && this.has(privateKey(from));
  }

  // toggle mutes a conversation, or ends that.
  toggle(key) {
    this.#keys = this.#load(); // another tab may have changed it
    if (!this.#keys.delete(key)) this.#keys.add(key);
    this.#item.keep(JSON.stringify([...this.#keys].slice(-maxMuted)));
  }

  // changed takes over what another tab has stored, and reports whether a storage event is about that.
  changed({ key }) {
    if (key !== this.#key) return false;
    this.#keys = this.#load();
    return true;
  }

  #load() {
    const keys = this.#item.list();
    return keys ? new Set(keys.filter((key) => typeof key === "string").slice(-maxMuted)) : (this.#keys ?? new Set());
  }
}
