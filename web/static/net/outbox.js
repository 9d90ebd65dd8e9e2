// The Outbox holds the messages that the reader has sent until the server has them, even
// while the connection is down. Each has a key, by which the server recognizes a message
// that is sent again, so that the room gets it once.
//
// An item is "waiting" (for a connection), "sending" (until the answer), "said" (it has an
// id, and the log does not show it yet), or "failed" (with the reason in why).

import { now, since } from "./clock.js";
import { ConnectionDown } from "./connection.js";
import { t } from "../i18n/i18n.js";

const maxTries = 3; // a message may be what breaks the connection
const keyLifetime = 9 * 60_000; // less than the 10 minutes for which the server keeps a key
const uncertain = t("perhapsNotSentYet");
const textErrors = ["line_too_long", "bad_request"];

/** @typedef {import("./clock.js").Moment} Moment */
/**
 * @typedef {{
 *   key: string,
 *   request: {type: "say" | "me", text: string},
 *   room: string,
 *   typed: string,
 *   at: number,
 *   state: "waiting" | "sending" | "said" | "failed",
 *   tries: number,
 *   written?: Moment,
 *   why?: string,
 *   id?: number,
 * }} Item
 */

export class Outbox {
  #connectionOf;
  #store;
  #takeBack;
  #has;
  #onChange;
  #now;
  /** @type {Item[]} */
  #items;

  // connectionOf(room) returns the connection of a room, or undefined if the room is not open. store keeps the
  // items over a reload of the page. takeBack(item, why) gives the composer a text that the server can never
  // accept, and reports whether the composer took it. has(room, id) reports whether the log of a room shows a
  // message or has passed its id. onChange(room) is called when the items of a room have changed.
  /**
   * @param {{
   *   connectionOf: (room: string) => import("./connection.js").Connection | undefined,
   *   store: import("./outboxstore.js").OutboxStore,
   *   takeBack: (item: Item, why: string) => boolean,
   *   has: (room: string, id: number) => boolean,
   *   onChange: (room: string) => void,
   *   clock?: () => Moment,
   * }} options
   */
  constructor({ connectionOf, store, takeBack, has, onChange, clock = now }) {
    this.#connectionOf = connectionOf;
    this.#store = store;
    this.#takeBack = takeBack;
    this.#has = has;
    this.#onChange = onChange;
    this.#now = clock;
    this.#items = store.load().map((saved) => ({ ...saved, tries: 0 }));
  }

  // of returns the items of a room in the order in which they were typed.
  /** @param {string} room */
  of(room) {
    return this.#items.filter((item) => item.room === room);
  }

  // rooms returns the rooms that have items.
  get rooms() {
    return [...new Set(this.#items.map(({ room }) => room))];
  }

  /** @param {Item["request"]} request @param {string} room @param {string} typed */
  say(request, room, typed) {
    /** @type {Item} */
    const item = { key: newKey(), request, room, typed, at: this.#now().date, state: "waiting", tries: 0 };
    this.#items.push(item);
    this.#sendIfOpen(item);
  }

  // enter sends the waiting items of a room. It must be called after each welcome to the room, before any other
  // message is sent there.
  enter(room) {
    for (const item of this.of(room).filter(({ state }) => state === "waiting")) {
      // An item that was never written to a connection is safe to send at any age.
      if (!item.written || this.#serverHasKey(item.written)) this.#send(item);
      else this.#fail(item, uncertain);
    }
    this.#changed(room);
  }

  // serverHasKey reports whether the server is certain to still have the key of an item
  // that was written then.
  /** @param {Moment} written */
  #serverHasKey(written) {
    const age = since(written, this.#now());
    return age >= 0 && age < keyLifetime;
  }

  // retry sends a failed item again with the same key: if the room got it after all, the
  // server may still have the key.
  /** @param {Item} item */
  retry(item) {
    if (!this.#items.includes(item)) return; // a second click
    const { why, written, ...rest } = item;
    /** @type {Item} */
    const retried = { ...rest, state: "waiting", tries: 0 };
    this.#items = this.#items.map((i) => (i === item ? retried : i));
    this.#sendIfOpen(retried);
  }

  discard(item) {
    this.#drop(item);
    this.#changed(item.room);
  }

  // dropShown drops the said items of a room that its log now has.
  dropShown(room) {
    this.#dropSaidIf(room, ({ id }) => this.#has(room, id));
  }

  // dropSaid drops all said items of a room. It is called when its log may never show them.
  dropSaid(room) {
    this.#dropSaidIf(room, () => true);
  }

  // move moves the items of a room that the page could not enter to another one, as failed.
  move(from, to) {
    for (const item of this.of(from)) {
      item.room = to;
      this.#fail(item, t("notSent", { why: t("writtenFor", { room: from }) }));
    }
    this.#changed(to);
  }

  #sendIfOpen(item) {
    if (this.#connectionOf(item.room)?.state === "open") this.#send(item);
    this.#changed(item.room);
  }

  /** @param {Item} item */
  async #send(item) {
    item.state = "sending";
    item.written ??= this.#now();
    item.tries++;
    try {
      // The answer is an ack, or a notice that the message was said but not stored. Both
      // have the id.
      const { id } = await this.#connectionOf(item.room).request({ ...item.request, key: item.key });
      Object.assign(item, { state: "said", id });
      const left = !this.#connectionOf(item.room);
      if (id === undefined || left || this.#has(item.room, id)) this.#drop(item);
    } catch (err) {
      this.#notSaid(item, err);
    }
    this.#changed(item.room);
  }

  /** @param {Item} item @param {{message: string, code?: string}} err */
  #notSaid(item, err) {
    if (err instanceof ConnectionDown) {
      if (item.tries < maxTries) item.state = "waiting";
      else this.#fail(item, uncertain);
      return;
    }
    const why = t("notSent", { why: err.message });
    if (textErrors.includes(err.code ?? "") && this.#takeBack(item, why)) this.#drop(item);
    else this.#fail(item, why);
  }

  /** @param {Item} item @param {string} why */
  #fail(item, why) {
    Object.assign(item, { state: "failed", why });
  }

  /** @param {string} room @param {(item: Item) => boolean} test */
  #dropSaidIf(room, test) {
    const left = this.#items.filter((item) => item.room !== room || item.state !== "said" || !test(item));
    if (left.length === this.#items.length) return;
    this.#items = left;
    this.#changed(room);
  }

  #drop(item) {
    this.#items = this.#items.filter((i) => i !== item);
  }

  #changed(room) {
    const unsaid = this.#items.filter(({ state }) => state !== "said");
    this.#store.save(unsaid.map((item) => (item.state === "failed" ? item : { ...item, state: "waiting" })));
    this.#onChange(room);
  }
}

// newKey returns a random key. crypto.randomUUID exists in secure contexts only, and
// partyline also runs over plain HTTP.
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
