// The Roster lists the members of the room. In a large room the server sends only some of
// them, and the count of all.

import { bdi, el, fold } from "../view/entries.js";

export class Roster {
  #members = new Map(); // folded name → {nick, via}
  #count = 0;
  #drawing = false; // whether a redraw is scheduled
  #elements;

  // elements has the elements list, count and others.
  constructor(elements) {
    this.#elements = elements;
  }

  set(members, count) {
    this.#members = new Map(members.map((m) => [fold(m.nick), m]));
    this.setCount(count);
  }

  setCount(count) {
    this.#count = Math.max(count, this.#members.size);
    this.#drawSoon();
  }

  join({ nick, via }) {
    const known = this.#members.has(fold(nick));
    this.#members.set(fold(nick), { nick, via });
    this.setCount(this.#count + (known ? 0 : 1));
  }

  leave({ nick }) {
    const complete = this.#members.size === this.#count;
    const known = this.#members.delete(fold(nick));
    this.setCount(this.#count - (known || !complete ? 1 : 0));
  }

  rename({ nick, to }) {
    const member = this.#members.get(fold(nick));
    if (!member) return;
    this.#members.delete(fold(nick));
    this.#members.set(fold(to), { ...member, nick: to });
    this.#drawSoon();
  }

  // drawSoon draws a burst of changes once.
  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    setTimeout(() => {
      this.#drawing = false;
      this.#draw();
    }, 50);
  }

  #draw() {
    const { list, count, others } = this.#elements;
    const members = [...this.#members.values()].sort((a, b) => a.nick.localeCompare(b.nick));
    list.replaceChildren(...members.map(row));
    count.textContent = this.#count;
    others.hidden = members.length === this.#count;
    others.textContent = `and ${this.#count - members.length} more`;
  }
}

function row({ nick, via }) {
  const item = el("li", "", bdi(nick), " ", el("span", "via", via));
  item.dataset.nick = nick;
  return item;
}
