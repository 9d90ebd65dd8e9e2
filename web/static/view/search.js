// Search is the search box and the panel of results, newest first. It searches the messages
// of the current room. A click on the time of a result shows it in the log.

import { bdi, el } from "./element.js";
import { text } from "./text.js";
import { time } from "./entries.js";
import { pieces } from "../room/words.js";
import { t } from "../i18n/i18n.js";

const pageLimit = 30;

export class Search {
  #box;
  #panel;
  #status;
  #list;
  #older;
  #request;
  #reveal;
  #focusComposer;
  #words = "";
  /** @type {any} */
  #opener = null; // the element that had the focus before the panel opened
  #searches = 0; // their number, to ignore the answers to earlier ones

  // request(request) resolves to the server's answer and rejects with its error. reveal(id) shows a message
  // in the log.
  constructor({ form, panel, request, reveal, focusComposer }) {
    this.#box = form.querySelector("input");
    this.#panel = panel;
    [this.#status, this.#list, this.#older] = [".summary", "ol", ".older"].map((s) => panel.querySelector(s));
    this.#request = request;
    this.#reveal = reveal;
    this.#focusComposer = focusComposer;

    form.addEventListener("submit", (e) => {
      e.preventDefault();
      this.open(this.#box.value);
    });
    panel.querySelector(".close").addEventListener("click", () => this.#leave());
    this.#older.addEventListener("click", () => this.#findOlder());
    this.#list.addEventListener("click", (e) => {
      const link = e.target.closest("a");
      if (!link) return;
      e.preventDefault();
      this.uncover();
      this.#reveal(Number(link.closest("li").dataset.id));
    });
    for (const part of [form, panel]) {
      part.addEventListener("keydown", (e) => {
        if (e.key !== "Escape" || e.isComposing) return;
        e.preventDefault(); // by default Escape clears the box
        this.#leave();
      });
    }
  }

  // setRoom shows the name of the room that is searched.
  setRoom(room) {
    this.#box.placeholder = t("searchIn", { room });
  }

  // open opens the panel with the newest messages that contain the words. Without words it
  // closes the panel.
  open(words) {
    this.#words = words.trim();
    if (this.#words === "") {
      this.close();
      return;
    }
    this.#box.value = this.#words;
    if (this.#panel.hidden) this.#opener = document.activeElement;
    this.#panel.hidden = false;
    this.#list.replaceChildren();
    // The focus stays in the box, except on a touch screen, whose keyboard needs space.
    if (this.#opener !== this.#box || matchMedia("(pointer: coarse)").matches) this.#panel.focus();
    this.#find();
  }

  close() {
    this.#searches++;
    this.#panel.hidden = true;
    this.#list.replaceChildren();
    this.#setStatus("");
  }

  // uncover closes the panel if it covers the log, as on a small screen.
  uncover() {
    if (!this.#panel.hidden && getComputedStyle(this.#panel).zIndex !== "auto") this.close();
  }

  // leave closes the panel and returns the focus to the element that had it. If the panel is
  // closed, it clears the box and moves the focus to the composer.
  #leave() {
    if (this.#panel.hidden) {
      this.#box.value = "";
      return this.#focusComposer();
    }
    this.close();
    this.#opener.focus();
  }

  async #findOlder() {
    const shown = this.#list.childElementCount;
    await this.#find(Number(this.#list.lastElementChild.dataset.id));
    this.#list.children[shown]?.focus(); // the button may be hidden now
  }

  async #find(before) {
    const search = ++this.#searches;
    const words = this.#words;
    this.#older.hidden = before === undefined;
    this.#older.disabled = true;
    this.#setStatus(t("searching"));
    try {
      const { messages, more } = await this.#request({ type: "search", words, before, limit: pageLimit });
      if (search !== this.#searches) return;
      this.#list.append(...messages.map((e) => result(e, words)));
      this.#older.hidden = !more;
      this.#setStatus(this.#summary(more));
    } catch (err) {
      if (search !== this.#searches) return;
      this.#setStatus(err.code === "unknown_type" ? t("noSearch") : t("searchFailed", { why: err.message }));
    }
    this.#older.disabled = false;
  }

  #summary(more) {
    const n = this.#list.childElementCount;
    if (n === 0) return t("nothingFound");
    return more ? t("newestFound", { n }) : t("found", { n });
  }

  #setStatus(status) {
    this.#status.textContent = status;
  }
}

// result returns the list item of a message, with the words marked.
function result(e, words) {
  const marked = pieces(e.text, words).map(([piece, matches]) => (matches ? el("mark", "", piece) : piece));
  const link = el("a", "permalink", time(e.at, "dated"));
  link.href = `#m${e.id}`;
  const item = el("li", e.type, el("p", "author", bdi(e.from)), link, text(...marked));
  item.dataset.id = e.id;
  item.tabIndex = -1;
  return item;
}
