// A Nick holds the reader's own name: the one that the server gave, and the one that the page
// wants and requests when it reconnects. They differ while another member has the latter.

import { fold } from "./entries.js";
import { Field } from "./field.js";

const storageKey = "partyline.nick";
const reclaimTries = 5;

export class Nick {
  given = "";
  wanted = load();

  #connection;
  #field;
  #timer = 0;

  // onChange is called when the server has granted a name from the form.
  constructor({ connection, form, onChange }) {
    this.#connection = connection;
    this.#field = new Field(form, async (nick) => {
      await this.change(nick);
      onChange();
    });
  }

  // set records the name that a welcome gives.
  set(nick) {
    this.given = nick;
    this.wanted ||= nick;
    this.#field.show(nick);
  }

  // change requests a name. It resolves after the event that announces the name to the
  // room, which this page receives too.
  change(nick) {
    this.stopReclaiming();
    return this.#connection.request({ type: "nick", nick });
  }

  // renamed handles a member's change of name. The member may be the reader.
  renamed({ nick, to }) {
    if (fold(nick) !== fold(this.given)) return;
    this.given = this.wanted = to;
    this.#field.show(to);
    save(to);
  }

  // refused handles a refusal of the name that the page connected with. If the name is
  // taken, the page requests it again: often the name belongs to an earlier connection of
  // this page, whose end the server has not noticed yet.
  refused({ code, message }) {
    this.#field.refuse(message);
    if (code === "nick_taken") this.#reclaim(0);
  }

  stopReclaiming() {
    clearTimeout(this.#timer);
  }

  #reclaim(attempt) {
    if (attempt === reclaimTries) return;
    this.#timer = setTimeout(async () => {
      try {
        await this.#connection.request({ type: "nick", nick: this.wanted });
      } catch (err) {
        if (err.code === "nick_taken") this.#reclaim(attempt + 1);
      }
    }, 2_000 * 2 ** attempt);
  }
}

// If the browser denies storage, the name lasts until the page is closed.

function load() {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

function save(nick) {
  try {
    localStorage.setItem(storageKey, nick);
  } catch {}
}
