// The ConversationList lists the open conversations, with what the reader has not seen in each, and on request
// the other rooms of the server.

import { button, el } from "./element.js";
import { t } from "../i18n/i18n.js";

const maxShown = 99; // a larger count is shown as 99+

export class ConversationList {
  #list;
  #others;
  #items = new Map(); // conversation → {item, open, label, badge, about, close}
  #onShow;
  #onClose;
  #onJoin;
  #request;

  // list and others are the elements for the conversations and for the other rooms, a details element.
  // onShow(conversation), onClose(conversation) and onJoin(room) are what the reader does. request(request)
  // resolves to the server's answer.
  constructor({ list, others, onShow, onClose, onJoin, request }) {
    this.#list = list;
    this.#others = others;
    this.#onShow = onShow;
    this.#onClose = onClose;
    this.#onJoin = onJoin;
    this.#request = request;
    others.addEventListener("toggle", () => this.#loadOthers());
  }

  // draw shows the conversations. It keeps the elements of those that it has, and with them the focus.
  draw({ all, shown, canClose, isMuted }) {
    for (const [conversation, { item }] of this.#items) {
      if (all.includes(conversation)) continue;
      item.remove();
      this.#items.delete(conversation);
    }
    for (const conversation of all) {
      const parts = this.#itemOf(conversation);
      this.#update(parts, conversation, conversation === shown, canClose(conversation));
      parts.item.classList.toggle("muted", isMuted(conversation));
    }
  }

  #itemOf(conversation) {
    const known = this.#items.get(conversation);
    if (known) return known;
    const [label, badge, about] = [el("bdi", "label"), el("span", "unread"), el("span", "visually-hidden")];
    badge.ariaHidden = "true";
    const open = button("", "open", () => this.#onShow(conversation));
    const close = button("×", "close", () => this.#onClose(conversation));
    open.append(label, badge, about);
    const parts = { item: el("li", conversation.kind, open, close), open, label, badge, about, close };
    this.#items.set(conversation, parts);
    this.#list.append(parts.item);
    return parts;
  }

  #update({ item, open, label, badge, about, close }, conversation, isShown, canClose) {
    const { count, mentions } = conversation.unread;
    label.textContent = conversation.label;
    badge.textContent = count === 0 ? "" : count > maxShown ? `${maxShown}+` : count;
    const news = [count > 0 ? t("unread", { n: count }) : "", mentions > 0 ? t("mentions", { n: mentions }) : ""].filter(Boolean);
    about.textContent = news.map((words) => t("comma") + words).join("");
    item.classList.toggle("mention", mentions > 0);
    if (isShown) open.ariaCurrent = "page";
    else open.removeAttribute("aria-current");
    close.hidden = !canClose;
    const name = conversation.label;
    close.ariaLabel = conversation.kind === "room" ? t("leaveRoom", { name }) : t("closePrivate", { name });
  }

  async #loadOthers() {
    if (!this.#others.open) return;
    const list = this.#others.querySelector("ul");
    try {
      const { rooms } = await this.#request({ type: "rooms" });
      const open = [...this.#items.keys()].filter(({ kind }) => kind === "room").map(({ name }) => name);
      const others = rooms.filter(({ room }) => !open.includes(room));
      list.replaceChildren(...others.map((r) => this.#other(r)));
      if (others.length === 0) list.replaceChildren(el("li", "none", t("noOtherRooms")));
    } catch (err) {
      list.replaceChildren(el("li", "none", t("roomsFailed", { why: err.message })));
    }
  }

  #other({ room, count }) {
    const open = button("", "open", () => {
      this.#others.open = false;
      this.#onJoin(room);
    });
    open.append(el("bdi", "label", `#${room}`), el("span", "via", t("countHere", { n: count })));
    return el("li", "", open);
  }
}
