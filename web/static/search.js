// Search is the box in which one looks for what was said in the room, and the panel that
// shows what was found, newest first.

import { bdi, el, text, time } from "./entries.js";
import { pieces } from "./words.js";

const page = 30;

export class Search {
  #box;
  #panel;
  #told;
  #list;
  #older;
  #ask;
  #goHome;
  #words = "";
  #opener = null;
  #turn = 0; // what an earlier search is still told is of no interest

  // ask(request) resolves to the server's answer and rejects with its error; goHome moves
  // the focus to where one writes.
  constructor({ form, panel, ask, goHome }) {
    this.#box = form.querySelector("input");
    this.#panel = panel;
    [this.#told, this.#list, this.#older] = [".told", "ol", ".older"].map((s) => panel.querySelector(s));
    this.#ask = ask;
    this.#goHome = goHome;

    form.addEventListener("submit", (e) => {
      e.preventDefault();
      this.open(this.#box.value);
    });
    panel.querySelector(".close").addEventListener("click", () => this.#leave());
    this.#older.addEventListener("click", () => this.#more());
    for (const part of [form, panel]) {
      part.addEventListener("keydown", (e) => {
        if (e.key !== "Escape" || e.isComposing) return;
        e.preventDefault(); // what is written in the box stays while there are results
        this.#leave();
      });
    }
  }

  // in says in which room is searched.
  in(room) {
    this.#box.placeholder = `Search #${room}`;
  }

  // open shows the panel with what there is of the words.
  open(words) {
    this.#words = words.trim();
    if (this.#words === "") {
      this.close();
      return true;
    }
    this.#box.value = this.#words;
    if (this.#panel.hidden) this.#opener = document.activeElement;
    this.#panel.hidden = false;
    this.#list.replaceChildren();
    // Who has a keyboard may go on in the box; who has none needs the place that it takes.
    if (this.#opener !== this.#box || matchMedia("(pointer: coarse)").matches) this.#panel.focus();
    this.#find();
    return true;
  }

  close() {
    this.#turn++;
    this.#panel.hidden = true;
    this.#list.replaceChildren();
    this.#tell("");
  }

  // leave closes the panel towards where one came from, and then the box.
  #leave() {
    if (this.#panel.hidden) {
      this.#box.value = "";
      return this.#goHome();
    }
    this.close();
    this.#opener.focus();
  }

  async #more() {
    const shown = this.#list.childElementCount;
    await this.#find(Number(this.#list.lastElementChild.dataset.id));
    this.#list.children[shown]?.focus(); // the button may be gone
  }

  async #find(before) {
    const turn = ++this.#turn;
    const words = this.#words;
    this.#older.hidden = before === undefined;
    this.#older.disabled = true;
    this.#tell("Searching…");
    try {
      const { messages, more } = await this.#ask({ type: "search", words, before, limit: page });
      if (turn !== this.#turn) return;
      this.#list.append(...messages.map((e) => found(e, words)));
      this.#older.hidden = !more;
      this.#tell(this.#count(more));
    } catch (err) {
      if (turn !== this.#turn) return;
      this.#tell(err.code === "unknown_type" ? "This server cannot search." : `Not found out: ${err.message}`);
    }
    this.#older.disabled = false;
  }

  #count(more) {
    const n = this.#list.childElementCount;
    if (n === 0) return "Nothing found";
    const count = n === 1 ? "1 message" : `${n} messages`;
    return more ? `The newest ${count}` : `${count} found`;
  }

  #tell(what) {
    this.#told.textContent = what;
  }
}

function found(e, words) {
  const said = pieces(e.text, words).map(([piece, wanted]) => (wanted ? el("mark", "", piece) : piece));
  const item = el("li", e.type, el("p", "who", bdi(e.from)), time(e.at), text(...said));
  item.dataset.id = e.id;
  item.tabIndex = -1;
  return item;
}
