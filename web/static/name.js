// A Name is the reader's own: the one that the server gave, and the one to come back under.
// They differ as long as the latter is somebody else's.

import { fold } from "./entries.js";
import { Field } from "./field.js";

const store = "partyline.nick";

export class Name {
  given = "";
  wanted = recall();

  #line;
  #field;
  #timer = 0;

  // onChange is called when the server has granted what was asked for in the form.
  constructor({ line, form, onChange }) {
    this.#line = line;
    this.#field = new Field(form, async (name) => {
      await this.change(name);
      onChange();
    });
  }

  // take takes the name that a welcome gives.
  take(nick) {
    this.given = nick;
    this.wanted ||= nick;
    this.#field.show(nick);
  }

  // change resolves when the server has told everybody, this page included.
  change(name) {
    this.rest();
    return this.#line.ask({ type: "nick", nick: name });
  }

  // heard takes note of somebody's new name, in case it is one's own.
  heard({ nick, to }) {
    if (fold(nick) !== fold(this.given)) return;
    this.given = this.wanted = to;
    this.#field.show(to);
    remember(to);
  }

  // refused is for a name that was not given at the door. One that is taken is asked for
  // again: often its holder is this very page, on a connection whose end the server has
  // not noticed yet.
  refused({ code, message }) {
    this.#field.refuse(message);
    if (code === "nick_taken") this.#reclaim(0);
  }

  // rest ends the asking again.
  rest() {
    clearTimeout(this.#timer);
  }

  #reclaim(turn) {
    if (turn === 5) return;
    this.#timer = setTimeout(async () => {
      try {
        await this.#line.ask({ type: "nick", nick: this.wanted });
      } catch (err) {
        if (err.code === "nick_taken") this.#reclaim(turn + 1);
      }
    }, 2_000 * 2 ** turn);
  }
}

// Where storage is denied, the name lasts as long as the page.

function recall() {
  try {
    return localStorage.getItem(store);
  } catch {
    return null;
  }
}

function remember(nick) {
  try {
    localStorage.setItem(store, nick);
  } catch {}
}
