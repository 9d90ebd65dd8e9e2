// The Composer is the line in which one writes. It never loses what was written: it keeps
// what can't be sent now or later, and takes back what was refused.

import { parse } from "./command.js";

const down = "Not sent: the line is down. Your text stays here.";

export class Composer {
  #box;
  #complaint;

  // send(request, typed) takes over what was typed, or returns false if the line is down.
  constructor(form, send) {
    this.#box = form.querySelector("textarea");
    this.#complaint = form.querySelector(".refusal");

    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const typed = this.#box.value;
      const { request, error = "" } = parse(typed) ?? {};
      this.#complain(error);
      if (!request) return;
      if (send(request, typed)) this.#set("");
      else this.#complain(down);
    });
    // Enter sends, but not the Enter that accepts what an input method proposes (Safari
    // tells that one by its code alone).
    this.#box.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.shiftKey || e.isComposing || e.keyCode === 229) return;
      e.preventDefault();
      form.requestSubmit();
    });
    this.#box.addEventListener("input", () => this.#fit());
  }

  // takeBack reports false, and does nothing, if something else is being written.
  takeBack(typed, why) {
    if (this.#box.value.trim() !== "") return false;
    this.#set(typed);
    this.#complain(why);
    return true;
  }

  // lineUp says that sending may work again.
  lineUp() {
    if (this.#complaint.textContent === down) this.#complain("");
  }

  focus() {
    this.#box.focus();
  }

  #complain(why) {
    this.#complaint.textContent = why;
  }

  #set(text) {
    this.#box.value = text;
    this.#fit();
  }

  #fit() {
    this.#box.style.height = "auto";
    this.#box.style.height = `${this.#box.scrollHeight + 2}px`; // and its borders
  }
}
