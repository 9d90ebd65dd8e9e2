// The Roster is who is here. The server lists only so many members but counts them all.

import { bdi, el, fold } from "./entries.js";

export class Roster {
  #members = new Map(); // folded name → {nick, via}
  #count = 0;
  #drawing = false;
  #parts;

  // parts are the elements list, count and others.
  constructor(parts) {
    this.#parts = parts;
  }

  set(members, count) {
    this.#members = new Map(members.map((m) => [fold(m.nick), m]));
    this.recount(count);
  }

  recount(count) {
    this.#count = Math.max(count, this.#members.size);
    this.#drawSoon();
  }

  join({ nick, via }) {
    const known = this.#members.has(fold(nick));
    this.#members.set(fold(nick), { nick, via });
    this.recount(this.#count + (known ? 0 : 1));
  }

  leave({ nick }) {
    const whole = this.#members.size === this.#count;
    const known = this.#members.delete(fold(nick));
    this.recount(this.#count - (known || !whole ? 1 : 0));
  }

  rename({ nick, to }) {
    const member = this.#members.get(fold(nick));
    if (!member) return;
    this.#members.delete(fold(nick));
    this.#members.set(fold(to), { ...member, nick: to });
    this.#drawSoon();
  }

  // drawSoon makes one drawing of a burst of arrivals.
  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    setTimeout(() => {
      this.#drawing = false;
      this.#draw();
    }, 50);
  }

  #draw() {
    const { list, count, others } = this.#parts;
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
