// The Announcer makes a screen reader read out new messages, each once, also if the log does not show them.

import { el } from "./element.js";
import { t } from "../i18n/i18n.js";

const maxTexts = 20; // that a screen reader has not read out yet

export class Announcer {
  #region;

  constructor(region) {
    this.#region = region;
  }

  announce(events) {
    const texts = events.map(spoken).filter((text) => text !== null);
    this.#region.append(...texts.slice(-maxTexts).map((text) => el("p", "", text)));
    while (this.#region.childElementCount > maxTexts) this.#region.firstElementChild.remove();
  }
}

// spoken returns what a screen reader reads out for an event, or null.
function spoken({ type, from, text, message }) {
  switch (type) {
    case "message":
      return t("spokenMessage", { name: from, text });
    case "action":
      return `${from} ${text}`;
    case "private":
      return t("spokenPrivate", { name: from, text });
    case "error":
    case "notice":
    case "told":
      return message;
  }
  return null;
}
