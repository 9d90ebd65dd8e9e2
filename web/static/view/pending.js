// Pending makes the entries of messages that are not said yet. They are at the end of the
// log, each with its state, or with the reason why it failed.

import { button, el } from "./element.js";
import { badge, bare } from "./entries.js";
import { t } from "../i18n/i18n.js";

export class Pending {
  #shown = new Map(); // key → {item, version, entry}
  #retry;
  #discard;

  // retry(item) and discard(item) are called from the buttons of a failed item.
  constructor({ retry, discard }) {
    this.#retry = retry;
    this.#discard = discard;
  }

  // draw returns the entries of items. An item that has not changed keeps its element, so
  // that a click on one of its buttons is not lost.
  draw(items, me) {
    const shown = new Map();
    for (const item of items) {
      const version = JSON.stringify([item.state, item.why, me]);
      const before = this.#shown.get(item.key);
      const same = before?.item === item && before.version === version;
      shown.set(item.key, same ? before : { item, version, entry: this.#entry(item, me) });
    }
    this.#shown = shown;
    return [...shown.values()].map(({ entry }) => entry);
  }

  #entry(item, me) {
    const { request, at, state } = item;
    const type = request.type === "me" ? "action" : "message";
    const entry = bare({ type, from: me, own: true, at: new Date(at).toISOString(), text: request.text });
    entry.querySelector("time").remove();
    entry.classList.add(state);
    // A screen reader reads out a message when it is said, and earlier only if it waits for
    // a connection.
    entry.ariaLive = state === "waiting" ? "polite" : "off";
    if (state === "failed") entry.append(this.#failure(item));
    else entry.append(badge("unsaid", state === "waiting" ? t("waiting") : t("sending"), t("notSaidYet")));
    return entry;
  }

  #failure(item) {
    const why = el("p", "refusal", item.why);
    why.role = "alert";
    return el("div", "failure", why, button(t("tryAgain"), "secondary", () => this.#retry(item)), button(t("discard"), "secondary", () => this.#discard(item)));
  }
}
