// The Outbox holds what was said until the server has it, whether the line is up or down.
// Each message bears a key, under which sending it again after a broken line is safe: the
// room hears it once.
//
// An item is "waiting" for a line, "sending" while its answer is awaited, "said" once it
// has its id and only the log has not come to it yet, or "failed", with the reason why.

import { now, since } from "./clock.js";
import { LineDown } from "./line.js";

const tries = 3; // a message that breaks the line each time is not sent again by itself
const keyLife = 9 * 60_000; // below the 10 minutes for which the server knows a key
const perhaps = "Perhaps not sent: the line went down before the server answered";
const faultOfTheText = ["line_too_long", "bad_request"];

export class Outbox {
  #line;
  #shelf;
  #takeBack;
  #has;
  #onChange;
  #now;
  #room;
  #items;

  // What the shelf keeps outlives the page. takeBack(typed, why) returns whether there was
  // room to give a text back that the server will never take; has(id) whether the log has
  // come to a message.
  constructor({ line, shelf, takeBack, has, onChange, clock = now }) {
    this.#line = line;
    this.#shelf = shelf;
    this.#takeBack = takeBack;
    this.#has = has;
    this.#onChange = onChange;
    this.#now = clock;
    this.#items = shelf.load().map((kept) => ({ ...kept, tries: 0 }));
  }

  // of returns what was typed in a room and is not yet part of its log, in that order.
  of(room) {
    return this.#items.filter((item) => item.room === room);
  }

  say(request, room, typed) {
    const item = { key: newKey(), request, room, typed, at: this.#now().date, state: "waiting", tries: 0 };
    this.#items.push(item);
    this.#go(item);
  }

  // enter is to be called with the room one is in when a line is open, before anything
  // else is said on it. What was typed in another room waits until one is there again.
  enter(room) {
    this.#room = room;
    for (const item of this.of(room).filter(({ state }) => state === "waiting")) {
      // Never written to a line, it can't have been said, however long ago it was typed.
      if (!item.written || this.#hasKey(item)) this.#deliver(item);
      else this.#fail(item, perhaps);
    }
    this.#changed();
  }

  // hasKey reports whether the server is sure to know the key of an item that was written.
  #hasKey({ written }) {
    const age = since(written, this.#now());
    return age >= 0 && age < keyLife;
  }

  // retry bears the same key: if it was said after all, the server may still know it.
  retry(item) {
    if (!this.#items.includes(item)) return; // pressed twice
    const { why, written, ...rest } = item;
    const again = { ...rest, state: "waiting", tries: 0 };
    this.#items = this.#items.map((i) => (i === item ? again : i));
    this.#go(again);
  }

  discard(item) {
    this.#drop(item);
    this.#changed();
  }

  // arrived lets go of what the log has come to meanwhile.
  arrived() {
    this.#letGo(({ id }) => this.#has(id));
  }

  // over lets go of all that was said: the log gets it by other ways, or not at all.
  over() {
    this.#letGo(() => true);
  }

  // move puts what was typed for a room that there isn't where the person is now.
  move(from, to) {
    for (const item of this.of(from)) {
      item.room = to;
      this.#fail(item, `Not sent: it was written for #${from}`);
    }
    this.#changed();
  }

  #go(item) {
    if (this.#line.state === "open") this.#deliver(item);
    this.#changed();
  }

  async #deliver(item) {
    item.state = "sending";
    item.written ??= this.#now();
    item.tries++;
    try {
      // An ack, or a notice that it was said but is not stored: either bears the id.
      const { id } = await this.#line.ask({ ...item.request, key: item.key });
      Object.assign(item, { state: "said", id });
      if (id === undefined || item.room !== this.#room || this.#has(id)) this.#drop(item);
    } catch (err) {
      this.#undelivered(item, err);
    }
    this.#changed();
  }

  #undelivered(item, err) {
    if (err instanceof LineDown) {
      if (item.tries < tries) item.state = "waiting";
      else this.#fail(item, perhaps);
      return;
    }
    const why = `Not sent: ${err.message}`;
    if (faultOfTheText.includes(err.code) && this.#takeBack(item.typed, why)) this.#drop(item);
    else this.#fail(item, why);
  }

  #fail(item, why) {
    Object.assign(item, { state: "failed", why });
  }

  #letGo(of) {
    const left = this.#items.filter((item) => item.state !== "said" || !of(item));
    if (left.length === this.#items.length) return;
    this.#items = left;
    this.#changed();
  }

  #drop(item) {
    this.#items = this.#items.filter((i) => i !== item);
  }

  #changed() {
    const unsaid = this.#items.filter(({ state }) => state !== "said");
    this.#shelf.save(unsaid.map((item) => (item.state === "failed" ? item : { ...item, state: "waiting" })));
    this.#onChange();
  }
}

// randomUUID exists in secure contexts only, and partyline is also used over plain HTTP.
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
