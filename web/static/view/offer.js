// The Offer says that there is a newer version of the page. The reader accepts it, or dismisses it until there is
// another one.

import { t } from "../i18n/i18n.js";

export class Offer {
  #element;
  #version = null;
  #dismissed = null;

  // accept() is called when the reader wants the newer version, and dismiss() when not, after the offer has gone.
  constructor(element, { accept, dismiss }) {
    this.#element = element;
    const [update, later] = element.querySelectorAll("button");
    update.addEventListener("click", accept);
    later.addEventListener("click", () => {
      this.#dismissed = this.#version;
      this.show(null);
      dismiss();
    });
  }

  // show offers a version, or none if it is null.
  show(version) {
    this.#version = version;
    const offered = version !== null && version !== this.#dismissed;
    this.#element.hidden = !offered;
    this.#element.querySelector("p").textContent = offered ? t("newVersion") : "";
  }
}
