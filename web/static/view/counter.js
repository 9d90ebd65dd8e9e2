// The Counter shows how much a text may grow, once it is near the limit. A screen reader learns of that when a
// part of the limit is reached, not at each key.

import { measure } from "../room/limits.js";
import { t } from "../i18n/i18n.js";

const parts = [0.05, 0.1, 0.2];

export class Counter {
  #shown;
  #announce;
  #announced = ""; // the part that was announced

  constructor(shown, announce) {
    this.#shown = shown;
    this.#announce = announce;
  }

  show(text, limit) {
    const { left, why, near } = measure(text, limit);
    const words = why !== "" && left >= 0 ? why : t("left", { n: left });
    this.#shown.hidden = !near;
    this.#shown.textContent = near ? words : "";
    this.#shown.classList.toggle("exceeded", why !== "");
    const part = why !== "" ? "exceeded" : near ? String(parts.find((p) => left < p * limit)) : "";
    if (part === this.#announced) return;
    this.#announced = part;
    this.#announce(why !== "" ? t("tooLong") : near ? t("bytesLeft", { n: left }) : "");
  }
}
