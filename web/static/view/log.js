// The Log is the scrolling list of entries. It adds entries at the end, removes the oldest
// ones, and scrolls to new entries only while the reader is at the bottom. Pending messages
// follow the last entry.

import { el } from "./entries.js";

const maxEntries = 2_000;
const nearBottom = 48; // in pixels; a reader this close to the bottom is at the bottom
const groupTime = 5 * 60_000; // the name is shown once for an author's messages within it

export class Log {
  #list;
  #queue = [];
  #pending = [];
  #pendingGroup = el("div", "pending");
  #timer = 0;
  #following = true;

  constructor(list) {
    this.#list = list;
    this.#pendingGroup.role = "group";
    this.#pendingGroup.ariaLabel = "Not said yet";
    list.addEventListener("scroll", () => this.#updateFollowing(), { passive: true });
    new ResizeObserver(() => this.#scroll()).observe(list);
  }

  // add shows an entry soon, so that a burst of messages costs one layout. It uses a timer
  // because a hidden page gets no animation frames.
  add(entry) {
    this.#queue.push(entry);
    if (this.#queue.length > maxEntries) this.#queue.shift();
    this.#flushSoon();
  }

  // setPending replaces the entries of pending messages. It takes effect together with add,
  // so that a message does not disappear between its pending entry and its final one.
  setPending(entries) {
    this.#pending = entries;
    this.#flushSoon();
  }

  scrollToEnd() {
    this.#following = true;
    this.#scroll();
  }

  // addHistory adds entries that a screen reader does not read out.
  addHistory(entries) {
    this.#flush();
    this.#list.ariaLive = "off";
    this.#queue = entries;
    this.#flush();
    setTimeout(() => (this.#list.ariaLive = "polite"), 500);
  }

  // leaveRoom removes all entries except private messages, which belong to no room.
  leaveRoom() {
    this.#flush();
    for (const e of this.#list.querySelectorAll(":scope > :not(.private, .pending)")) e.remove();
    this.#showFirstAuthor();
    this.#following = true;
  }

  #flushSoon() {
    this.#timer ||= setTimeout(() => this.#flush(), 16);
  }

  #flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#updateFollowing();
    for (const entry of this.#queue) {
      entry.classList.toggle("continued", continues(this.#last(), entry));
      this.#list.insertBefore(entry, this.#pendingGroup.isConnected ? this.#pendingGroup : null);
    }
    this.#queue = [];
    while (this.#list.childElementCount > maxEntries) this.#list.firstElementChild.remove();
    this.#showFirstAuthor();
    this.#flushPending();
    this.#scroll();
  }

  // showFirstAuthor makes the first entry show its author, since no entry precedes it.
  #showFirstAuthor() {
    this.#list.firstElementChild?.classList.remove("continued");
  }

  // flushPending does not move entries that remain, so that they keep the focus.
  #flushPending() {
    for (const e of [...this.#pendingGroup.children]) if (!this.#pending.includes(e)) e.remove();
    let before = this.#last();
    this.#pending.forEach((entry, i) => {
      entry.classList.toggle("continued", continues(before, entry));
      before = entry;
      const current = this.#pendingGroup.children[i];
      if (current !== entry) this.#pendingGroup.insertBefore(entry, current ?? null);
    });
    if (this.#pending.length === 0) this.#pendingGroup.remove();
    else if (!this.#pendingGroup.isConnected) this.#list.append(this.#pendingGroup);
  }

  // last returns the last entry that is not pending.
  #last() {
    return this.#pendingGroup.isConnected ? this.#pendingGroup.previousElementSibling : this.#list.lastElementChild;
  }

  #updateFollowing() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    this.#following = scrollHeight - scrollTop - clientHeight < nearBottom;
  }

  #scroll() {
    if (this.#following) this.#list.scrollTop = this.#list.scrollHeight;
  }
}

// continues reports whether an entry needs no name because its author, and for a private
// message its recipient, are those of the entry before.
function continues(before, entry) {
  const [a, b] = [before?.dataset, entry.dataset];
  if (!a || !b.from || b.kind === "action") return false;
  const same = a.kind === b.kind && a.from === b.from && a.to === b.to;
  return same && new Date(b.at) - new Date(a.at) < groupTime;
}
