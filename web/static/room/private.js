// A Private is the private conversation with one person. The server does not store what is said in private, so
// it consists of what this tab has sent and received.

import { Unread } from "./unread.js";
import { privateKey } from "./key.js";
import { t } from "../i18n/i18n.js";

/** @typedef {import("../net/event.js").EventOf<"private"> & {own: boolean, seen: boolean}} Received */

export class Private {
  kind = /** @type {const} */ ("private");
  nick;
  log;
  unread = new Unread();

  #request;
  #store;
  /** @type {Received[]} */
  #messages;
  #muted;
  #isLookedAt;
  #onUnread;

  // request(request) sends a request and resolves to its answer. store keeps the messages. The other parameters
  // are those of a Room.
  /**
   * @param {string} nick
   * @param {{
   *   request: import("../net/requests.js").Request,
   *   store: import("./privatestore.js").PrivateStore,
   *   muted: import("./muted.js").Muted,
   *   newLog: import("./room.js").NewLog,
   *   isLookedAt: (conversation: Private) => boolean,
   *   onUnread: (conversation: Private, event?: Received & {mention: boolean}) => void,
   * }} options
   */
  constructor(nick, { request, store, muted, newLog, isLookedAt, onUnread }) {
    this.nick = nick;
    this.#request = request;
    this.#store = store;
    this.#muted = muted;
    this.#isLookedAt = isLookedAt;
    this.#onUnread = onUnread;
    this.log = newLog({
      older: async () => ({ items: [], more: false }),
      cut: (removed) => ({ type: "gap", missed: removed.length, lost: true }),
    });
    this.#messages = store.load(this.key);
    const isUnread = ({ seen }) => !seen && !muted.has(this.key);
    this.unread.add(this.#messages.filter(isUnread).map(forReader));
    const first = this.#messages.findIndex(isUnread);
    this.log.set(this.unread.withMark(this.#messages.map(shown), first), false);
  }

  get key() {
    return privateKey(this.nick);
  }

  get label() {
    return this.nick;
  }

  // receive handles a private message from or to the person. own tells which.
  /** @param {import("../net/event.js").EventOf<"private">} event @param {boolean} own */
  receive(event, own) {
    const seen = own || this.#muted.has(this.key) || this.#isLookedAt(this);
    if (!seen) this.unread.mark(this.log, event.at);
    const message = { ...event, own, seen };
    this.log.add(shown(message));
    this.#messages = this.#store.save(this.key, [...this.#messages, message]);
    if (seen) return;
    this.unread.add([forReader(message)]);
    this.#onUnread(this, forReader(message));
  }

  // rename follows a change of the person's name.
  rename(nick) {
    this.#store.forget(this.key);
    this.nick = nick;
    this.#store.save(this.key, this.#messages);
  }

  // say sends a text to the person. It rejects with the reason if the server refuses it.
  async say({ type, text }) {
    if (type === "me") throw new Error(t("noPrivateAction"));
    this.log.toEnd();
    await this.#request({ type: "msg", to: this.nick, text });
  }

  look() {
    if (!this.unread.clear()) return;
    this.#messages = this.#store.save(this.key, this.#messages.map((message) => ({ ...message, seen: true })));
    this.#onUnread(this);
  }

  lookAway() {
    this.unread.marked = false;
  }

  // close forgets what was said.
  close() {
    this.#store.forget(this.key);
  }
}

// forReader returns a message as one that concerns the reader.
/** @param {Received} message */
function forReader(message) {
  return { ...message, mention: true };
}

// shown returns a private message as its conversation shows it.
function shown(event) {
  return { ...event, type: "message" };
}
