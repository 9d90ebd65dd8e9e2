// A Nick holds the reader's own name: the one that the server gave, and before that the one that the address of
// the page asks for, that the page had before a reload, or that the reader last chose in this browser. The page
// requests it on each connection.

import { fold } from "./name.js";
import { Item } from "../net/item.js";
import { Field } from "../view/field.js";

// If the browser denies the storage, the name lasts until the page is closed.
const kept = new Item("partyline.nick", () => localStorage);

export class Nick {
  name; // "" if there is none
  requested = ""; // the name with which the page last connected

  #request;
  #field;
  #tabName;
  #wanted; // the name that the address asks for, until the server has answered; "" if there is none
  #names = new Set(); // the names that the page has had, folded

  // request(request) resolves to the server's answer. tabName keeps the name over a reload. onChange is called when
  // the server has granted a name from the form.
  /** @param {{request: import("../net/requests.js").Request, form: HTMLFormElement, wanted: string, tabName: import("../net/tabtext.js").TabText, onChange: () => void}} options */
  constructor({ request, form, wanted, tabName, onChange }) {
    this.#request = request;
    this.#wanted = wanted;
    this.#tabName = tabName;
    this.name = wanted || kept.text() || "";
    this.#field = new Field(form, async (nick) => {
      await this.change(nick);
      onChange();
    });
  }

  // forResume returns the name to request, or undefined if there is none.
  forResume() {
    this.requested = this.#wanted || this.#tabName.value || this.name;
    return this.requested || undefined;
  }

  // welcome records the name that a welcome gives. A page that resumes keeps its name, so it requests the one
  // that the address asks for.
  /** @param {import("../net/event.js").EventOf<"welcome">} event */
  welcome({ nick, resumed }) {
    const wanted = this.#wanted;
    this.#wanted = "";
    this.#set(nick);
    if (wanted === "") return;
    if (fold(nick) === fold(wanted)) kept.keep(nick);
    else if (resumed) this.change(wanted).catch((err) => this.refused(err));
  }

  #set(nick) {
    this.name = nick;
    this.#tabName.set(nick);
    this.#names.add(fold(nick));
    this.#field.show(nick);
  }

  // isOwn reports whether a message that arrives is the reader's.
  /** @param {{from?: string}} event */
  isOwn({ from }) {
    return from !== undefined && fold(from) === fold(this.name);
  }

  // wasOwn reports whether an earlier message is the reader's, as far as the page knows their names.
  wasOwn({ from }) {
    return this.#names.has(fold(from));
  }

  // change requests a name. It resolves after the event that announces the name to the
  // room, which this page receives too.
  change(nick) {
    return this.#request({ type: "nick", nick });
  }

  // renamed handles a member's change of name. The member may be the reader.
  /** @param {import("../net/event.js").EventOf<"nick">} event */
  renamed({ nick, to }) {
    if (fold(nick) !== fold(this.name)) return;
    this.#set(to);
    kept.keep(to);
  }

  // refused shows why the page did not get the name with which it connected.
  /** @param {{message: string}} err */
  refused({ message }) {
    this.#field.refuse(message);
  }
}
