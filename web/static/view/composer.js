// The Composer is the box in which the reader writes. It never loses text: it keeps what
// cannot be sent, and takes back what the server refused.

import { parse } from "../room/command.js";

const disconnected = "Not sent: there is no connection. Your text stays here.";

export class Composer {
  #box;
  #error;

  // send(request, typed) accepts the text, or returns false if it needs a connection and
  // there is none.
  constructor(form, send) {
    this.#box = form.querySelector("textarea");
    this.#error = form.querySelector(".refusal");

    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const typed = this.#box.value;
      const { request, error = "" } = parse(typed) ?? {};
      this.#showError(error);
      if (!request) return;
      if (send(request, typed)) this.#setText("");
      else this.#showError(disconnected);
    });
    // Enter sends, unless it accepts a suggestion of an input method. In Safari only the key
    // code shows that.
    this.#box.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.shiftKey || e.isComposing || e.keyCode === 229) return;
      e.preventDefault();
      form.requestSubmit();
    });
    this.#box.addEventListener("input", () => {
      this.#showError("");
      this.#fitHeight();
    });
  }

  // takeBack puts a text back into the box and shows an error. If the box is not empty, it
  // returns false and does nothing.
  takeBack(typed, why) {
    if (this.#box.value.trim() !== "") return false;
    this.#setText(typed);
    this.#showError(why);
    return true;
  }

  // connected removes the error about a missing connection.
  connected() {
    if (this.#error.textContent === disconnected) this.#showError("");
  }

  focus() {
    this.#box.focus();
  }

  #showError(why) {
    this.#error.textContent = why;
  }

  #setText(text) {
    this.#box.value = text;
    this.#fitHeight();
  }

  #fitHeight() {
    this.#box.style.height = "auto";
    this.#box.style.height = `${this.#box.scrollHeight + 2}px`; // 2 for the borders
  }
}
