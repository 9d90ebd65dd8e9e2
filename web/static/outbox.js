// The Outbox holds what was said until the server has it. Each message bears a key, under
// which sending it again after a broken line is safe: the room hears it once.

import { LineDown } from "./line.js";

const tries = 3; // a message that breaks the line each time is given back
const keyLife = 9 * 60_000; // below the 10 minutes for which the server knows a key

export class Outbox {
  #line;
  #onFail;
  #onChange;
  #pending = new Set();

  // onFail gets the text as it was typed and the reason; onChange how many are pending.
  constructor({ line, onFail, onChange }) {
    this.#line = line;
    this.#onFail = onFail;
    this.#onChange = onChange;
  }

  send(request, room, typed) {
    const item = { request: { ...request, key: newKey() }, room, typed, at: Date.now(), tries: 0 };
    this.#pending.add(item);
    this.#deliver(item);
  }

  // resend is to be called with the room one is in when a line is open again.
  resend(room) {
    for (const item of [...this.#pending]) {
      if (item.room === room && Date.now() - item.at < keyLife) this.#deliver(item);
      else this.#fail(item, new LineDown());
    }
  }

  // giveUp is for a line that does not come back.
  giveUp() {
    for (const item of [...this.#pending]) this.#fail(item, new LineDown());
  }

  async #deliver(item) {
    item.tries++;
    this.#onChange(this.#pending.size);
    try {
      await this.#line.ask(item.request);
      this.#drop(item);
    } catch (err) {
      if (!(err instanceof LineDown) || item.tries >= tries) this.#fail(item, err);
    }
  }

  #fail(item, err) {
    if (this.#drop(item)) this.#onFail(item.typed, err);
  }

  #drop(item) {
    const had = this.#pending.delete(item);
    this.#onChange(this.#pending.size);
    return had;
  }
}

// randomUUID exists in secure contexts only, and partyline is also used over plain HTTP.
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
