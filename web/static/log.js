// The Log is the scroll of entries: it grows at its end, forgets at its start, and follows
// only a reader who is at the bottom.

const longest = 2_000; // entries kept
const near = 48; // pixels from the bottom that still count as being there
const together = 5 * 60_000; // what one author says within it bears the name once

export class Log {
  #list;
  #queue = [];
  #timer = 0;
  #following = true;

  constructor(list) {
    this.#list = list;
    list.addEventListener("scroll", () => this.#look(), { passive: true });
    new ResizeObserver(() => this.#follow()).observe(list);
  }

  // add shows an entry soon. A burst costs one layout, not one for each of its messages;
  // a timer rather than an animation frame, since a hidden page gets no frames.
  add(entry) {
    this.#queue.push(entry);
    if (this.#queue.length > longest) this.#queue.shift();
    this.#timer ||= setTimeout(() => this.#flush(), 16);
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
    for (const e of this.#list.querySelectorAll(":scope > :not(.private)")) e.remove();
    this.#following = true;
  }

  #flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#look();
    for (const entry of this.#queue) {
      entry.classList.toggle("continued", continues(this.#list.lastElementChild, entry));
      this.#list.append(entry);
    }
    this.#queue = [];
    while (this.#list.childElementCount > longest) this.#list.firstElementChild.remove();
    this.#follow();
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
