// The CompletionList shows above the box what the word before the caret may become. Tab opens it, and so does a
// word that starts with a /, # or @. Until the reader chooses from it, Enter sends the text as usual.
//
// While it is open, the box is a combobox with a list (WAI-ARIA Authoring Practices).

import { commands } from "../room/command.js";
import { find, matching, replace } from "../room/completion.js";
import { bdi, el } from "./element.js";
import { insert } from "./insert.js";
import { t } from "../i18n/i18n.js";

const mostShown = 50;

export class CompletionList {
  #box;
  #list;
  #names;
  #rooms;
  /** @type {import("../room/completion.js").Word | null} */
  #word = null; // which the list completes; null if it is closed
  /** @type {{text: string, about: string}[]} */
  #shown = []; // the candidates
  #selected = -1; // the index of one; -1 if there is none
  /** @type {{start: number, value: string} | null} */
  #dismissed = null; // {start, value}: the word, and the whole text, for which the reader closed the list
  /** @type {Promise<void> | null} */
  #answer = null; // the promise of the rooms
  #tabWaits = false; // whether Tab was pressed before the rooms are known

  // names() returns the names of members, and rooms is a RoomList.
  constructor(box, list, { names, rooms }) {
    this.#box = box;
    this.#list = list;
    this.#names = names;
    this.#rooms = rooms;
    box.addEventListener("input", () => this.#update());
    box.addEventListener("blur", () => this.close());
    box.addEventListener("pointerdown", () => this.close());
    list.addEventListener("mousedown", (e) => e.preventDefault()); // the box keeps the focus
    list.addEventListener("click", (e) => {
      const option = e.target.closest("[role=option]");
      if (option) this.#accept([...list.children].indexOf(option));
    });
  }

  close() {
    this.#tabWaits = false;
    if (!this.#word) return;
    this.#word = null;
    this.#draw([], -1);
  }

  // key handles a key that is pressed in the box, and reports whether it did.
  key(e) {
    if (e.isComposing || e.keyCode === 229 || e.altKey || e.ctrlKey || e.metaKey) return false;
    const handled = this.#word ? this.#openKey(e) : e.key === "Tab" && !e.shiftKey && this.#tab();
    if (handled) e.preventDefault();
    return handled;
  }

  #openKey({ key, shiftKey }) {
    if (key === "Tab" && this.#shown.length === 1) return this.#accept(0);
    if (key === "ArrowDown" || (key === "Tab" && !shiftKey)) return this.#move(1);
    if (key === "ArrowUp" || key === "Tab") return this.#move(-1);
    if (key === "Enter" && !shiftKey && this.#selected >= 0) return this.#accept(this.#selected);
    if (key === "Escape") this.#dismissed = { start: this.#word?.start ?? 0, value: this.#box.value };
    if (["Escape", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"].includes(key)) this.close();
    return key === "Escape";
  }

  // tab completes the word before the caret, or opens the list if several candidates match. It returns false if
  // none does, or the reader has just closed the list.
  #tab() {
    const word = this.#find();
    if (!word || this.#dismissed?.value === this.#box.value) return false;
    if (word.kind === "room" && this.#load() && !this.#tabWaits) return (this.#tabWaits = true);
    const shown = this.#matching(word);
    if (shown.length === 0) return false;
    this.#word = word;
    this.#draw(shown, 0);
    if (shown.length === 1) this.#accept(0);
    return true;
  }

  // update shows the candidates for what the reader has typed.
  #update() {
    const word = this.#find();
    if (word?.start !== this.#dismissed?.start) this.#dismissed = null;
    const continued = this.#word !== null && this.#word.start === word?.start;
    const chosen = continued && this.#selected >= 0;
    if (!word || !(word.marked || continued) || this.#dismissed !== null) return this.close();
    if (word.kind === "room") this.#load();
    const shown = this.#matching(word);
    const whole = !chosen && shown.length === 1 && shown[0].text === word.typed;
    if (shown.length === 0 || whole) return this.close();
    this.#word = word;
    this.#draw(shown, chosen ? 0 : -1);
  }

  // find returns the word before the caret, or null.
  #find() {
    const { value, selectionStart, selectionEnd } = this.#box;
    return selectionStart === selectionEnd ? find(value, selectionStart) : null;
  }

  #matching(word) {
    return matching(this.#candidates(word.kind), word).slice(0, mostShown);
  }

  #candidates(kind) {
    if (kind === "command") return commands;
    if (kind === "room") return this.#rooms.known.map(({ room, count }) => ({ text: room, about: t("countHere", { n: count }) }));
    return this.#names().map((text) => ({ text, about: "" }));
  }

  // load loads the rooms, and reports whether there will be newer ones soon.
  #load() {
    const answer = this.#rooms.load();
    if (answer !== this.#answer) answer?.then(() => this.#loaded());
    this.#answer = answer;
    return answer !== null;
  }

  #loaded() {
    const pressed = this.#tabWaits;
    this.#tabWaits = false;
    if (document.activeElement !== this.#box) return;
    if (pressed) this.#tab();
    else this.#update();
  }

  // move selects another candidate. Before the first and after the last one it starts again.
  #move(by) {
    const n = this.#shown.length;
    this.#select(this.#selected < 0 && by < 0 ? n - 1 : (this.#selected + by + n) % n);
    return true;
  }

  #accept(i) {
    const { value, selectionStart } = this.#box;
    if (!this.#word) return false;
    const edit = replace(value, selectionStart, this.#word, this.#shown[i].text);
    this.close();
    insert(this.#box, edit);
    this.#update();
    return true;
  }

  #draw(shown, selected) {
    this.#shown = shown;
    this.#list.replaceChildren(...shown.map((candidate, i) => this.#option(candidate, this.#word?.kind, i)));
    const open = shown.length > 0;
    this.#list.hidden = !open;
    this.#list.scrollTop = 0;
    const { id } = this.#list;
    const combobox = { role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-haspopup": "listbox", "aria-autocomplete": "list" };
    for (const [name, value] of Object.entries(combobox)) {
      if (open) this.#box.setAttribute(name, value);
      else this.#box.removeAttribute(name);
    }
    this.#select(selected);
  }

  #option({ text, about }, kind, i) {
    const name = { command: () => `/${text}`, room: () => `#${text}`, name: () => bdi(text) }[kind]();
    const option = el("li", "", el("span", "what", name), about && el("span", "about", about));
    option.role = "option";
    option.id = `${this.#list.id}-${i}`;
    return option;
  }

  #select(i) {
    this.#selected = i;
    for (const [n, option] of [...this.#list.children].entries()) option.ariaSelected = String(n === i);
    const option = this.#list.children[i];
    if (!option) return this.#box.removeAttribute("aria-activedescendant");
    this.#box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
}
