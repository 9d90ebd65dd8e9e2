// The Log is the scroll of entries: it grows at its end, forgets at its start, and follows
// only a reader who is at the bottom. Behind its end stands what is not yet part of it.

import { el } from "./entries.js";

const longest = 2_000; // entries kept
const near = 48; // pixels from the bottom that still count as being there
const together = 5 * 60_000; // what one author says within it bears the name once

export class Log {
  #list;
  #queue = [];
  #pending = [];
  #tail = el("div", "pending");
  #timer = 0;
  #following = true;

  constructor(list) {
    this.#list = list;
    this.#tail.role = "group";
    this.#tail.ariaLabel = "Not said yet";
    list.addEventListener("scroll", () => this.#look(), { passive: true });
    new ResizeObserver(() => this.#follow()).observe(list);
  }

  // add shows an entry soon. A burst costs one layout, not one for each of its messages;
  // a timer rather than an animation frame, since a hidden page gets no frames.
  add(entry) {
    this.#queue.push(entry);
    if (this.#queue.length > longest) this.#queue.shift();
    this.#flushSoon();
  }

  // setPending shows entries behind the end, in the place of those before. It does so
  // together with what is added, so that one gives way to what it has become.
  setPending(entries) {
    this.#pending = entries;
    this.#flushSoon();
  }

  // toEnd takes the reader to the end.
  toEnd() {
    this.#following = true;
    this.#follow();
  }

  // addPast shows entries that a screen reader is not to read out.
  addPast(entries) {
    this.#flush();
    this.#list.ariaLive = "off";
    this.#queue = entries;
    this.#flush();
    setTimeout(() => (this.#list.ariaLive = "polite"), 500);
  }

  // leaveRoom takes away what belongs to the room. Private messages belong to none.
  leaveRoom() {
    this.#flush();
    for (const e of this.#list.querySelectorAll(":scope > :not(.private, .pending)")) e.remove();
    this.#begin();
    this.#following = true;
  }

  #flushSoon() {
    this.#timer ||= setTimeout(() => this.#flush(), 16);
  }

  #flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#look();
    for (const entry of this.#queue) {
      entry.classList.toggle("continued", continues(this.#last(), entry));
      this.#list.insertBefore(entry, this.#tail.isConnected ? this.#tail : null);
    }
    this.#queue = [];
    while (this.#list.childElementCount > longest) this.#list.firstElementChild.remove();
    this.#begin();
    this.#flushPending();
    this.#follow();
  }

  // begin has the first entry bear its name, whatever stood before it.
  #begin() {
    this.#list.firstElementChild?.classList.remove("continued");
  }

  // flushPending leaves where it is what stays, for the sake of whoever has the focus there.
  #flushPending() {
    for (const e of [...this.#tail.children]) if (!this.#pending.includes(e)) e.remove();
    let before = this.#last();
    this.#pending.forEach((entry, i) => {
      entry.classList.toggle("continued", continues(before, entry));
      before = entry;
      const there = this.#tail.children[i];
      if (there !== entry) this.#tail.insertBefore(entry, there ?? null);
    });
    if (this.#pending.length === 0) this.#tail.remove();
    else if (!this.#tail.isConnected) this.#list.append(this.#tail);
  }

  #last() {
    return this.#tail.isConnected ? this.#tail.previousElementSibling : this.#list.lastElementChild;
  }

  // look finds out whether the reader is at the bottom.
  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    this.#following = scrollHeight - scrollTop - clientHeight < near;
  }

  #follow() {
    if (this.#following) this.#list.scrollTop = this.#list.scrollHeight;
  }
}

function continues(before, entry) {
  const [a, b] = [before?.dataset, entry.dataset];
  if (!a || !b.from || b.kind === "action") return false;
  const same = a.kind === b.kind && a.from === b.from && a.to === b.to;
  return same && new Date(b.at) - new Date(a.at) < together;
}
