// A Private is the private conversation with one person. The server does not store what is said in private, so
// it consists of what this tab has sent and received.

import { Unread } from "./unread.js";
import { fold } from "./name.js";

export class Private {
  kind = "private";
  nick;
  log;
  unread = new Unread();

  #request;
  #store;
  #messages;
  #isLookedAt;
  #onChange;

  // request(request) sends a request and resolves to its answer. store keeps the messages. The other parameters
  // are those of a Room.
  constructor(nick, { request, store, newLog, isLookedAt, onChange }) {
    this.nick = nick;
    this.#request = request;
    this.#store = store;
    this.#isLookedAt = isLookedAt;
    this.#onChange = onChange;
    this.log = newLog({
      older: async () => ({ items: [], more: false }),
      cut: (removed) => ({ type: "gap", missed: removed.length, lost: true }),
    });
    this.#messages = store.load(this.key);
    this.log.set(this.#messages, false);
  }

  get key() {
    return keyOf(this.nick);
  }

  get label() {
    return this.nick;
  }

  // receive handles a private message from or to the person. own tells which.
  receive(event, own) {
    const lookedAt = own || this.#isLookedAt(this);
    if (!lookedAt && !this.unread.marked) {
      this.unread.marked = true;
      this.log.separate(event.at);
    }
    const shown = { ...event, own, mention: !own };
    this.log.add(shown);
    this.#messages = this.#store.save(this.key, [...this.#messages, shown]);
    if (lookedAt) return;
    this.unread.add([shown]);
    this.#onChange(this, shown);
  }

  // rename follows a change of the person's name.
  rename(nick) {
    this.#store.forget(this.key);
    this.nick = nick;
    this.#store.save(this.key, this.#messages);
  }

  // say sends a text to the person. It rejects with the reason if the server refuses it.
  async say({ type, text }) {
    if (type === "me") throw new Error("a private message can't be an action");
    this.log.toEnd();
    await this.#request({ type: "msg", to: this.nick, text });
  }

  look() {
    if (this.unread.clear()) this.#onChange(this);
  }

  lookAway() {
    this.unread.marked = false;
  }

  // close forgets what was said.
  close() {
    this.#store.forget(this.key);
  }
}

// keyOf returns the key of the private conversation with a person, which no room has.
export function keyOf(nick) {
  return `@${fold(nick)}`;
}
