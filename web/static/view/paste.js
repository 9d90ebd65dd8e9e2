// The PasteQuestion asks what a pasted text of several lines should become. The text is in the box already, as
// the browser pastes it, so that nothing is lost: without an answer it stays as it is.

import { block, messages, pasted } from "../room/paste.js";
import { fits } from "../room/limits.js";
import { button, el } from "./element.js";
import { insert } from "./insert.js";
import { t } from "../i18n/i18n.js";

export class PasteQuestion {
  #box;
  #panel;
  #say;
  #announce;
  #limit;
  /** @type {{start: number, text: string} | null} */
  #from = null; // {start, text}: a paste that has begun

  // say(lines) says messages. announce(words) tells a screen reader. limit() returns the bytes that a text may
  // have.
  constructor(box, panel, { say, announce, limit }) {
    this.#box = box;
    this.#panel = panel;
    this.#say = say;
    this.#announce = announce;
    this.#limit = limit;
    box.addEventListener("paste", (e) => {
      const text = pasted(e.clipboardData?.getData("text/plain") ?? "");
      this.#from = { start: box.selectionStart, text };
    });
    box.addEventListener("input", (e) => {
      const from = this.#from;
      this.#from = null;
      this.close();
      if (e.inputType === "insertFromPaste" && from?.text.includes("\n")) this.#ask(from.start, box.selectionEnd, from.text);
    });
    panel.addEventListener("keydown", (e) => {
      // What the reader types on is for the box, and is no shortcut.
      const typed = e.key.length === 1 && e.key !== " ";
      if (!typed && !this.key(e)) return;
      e.stopPropagation();
      this.close();
      box.focus();
    });
    panel.addEventListener("mousedown", (e) => e.preventDefault()); // the focus does not move
  }

  close() {
    this.#panel.hidden = true;
    this.#panel.replaceChildren();
  }

  // key handles a key that is pressed in the box, and reports whether it did.
  key(e) {
    if (e.key !== "Escape" || e.isComposing || this.#panel.hidden) return false;
    e.preventDefault();
    this.close();
    return true;
  }

  // ask shows the question about the text between two places of the box, unless there is only one answer.
  #ask(start, end, text) {
    const { value } = this.#box;
    const [before, after] = [value.slice(0, start), value.slice(end)];
    const limit = this.#limit();
    const alone = (before + after).trim() === "";
    const lines = alone ? messages(text, limit) : null;
    const code = block(before, text, after, limit);
    if (!lines && code === null) return;
    const answers = [this.#answer(fits(value, limit) ? t("oneMessage") : t("editFirst"), () => {})];
    if (lines) answers.push(this.#answer(t("sendMessages", { n: lines.length }), () => this.#say(lines)));
    if (code !== null) answers.push(this.#answer(t("codeBlock"), () => insert(this.#box, { start, end, insert: code, caret: start + code.length })));
    const question = t("linesPasted", { n: text.split("\n").length });
    this.#panel.setAttribute("aria-label", question);
    this.#panel.replaceChildren(el("p", "", question), ...answers);
    this.#panel.hidden = false;
    // On a touch screen the keyboard stays.
    if (matchMedia("(pointer: coarse)").matches) this.#announce(t("pasteQuestion", { question, answers: answers.map((a) => a.textContent).join(t("nameComma")) }));
    else answers[0].focus();
  }

  #answer(label, act) {
    return button(label, "secondary", () => {
      this.close();
      this.#box.focus();
      act();
    });
  }
}
