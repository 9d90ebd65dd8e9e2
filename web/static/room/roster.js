// A Roster lists the members of a room, with how they are connected and how long they have been
// idle. In a large room the server sends only some of them, and the count of all.

import { now, since } from "../net/clock.js";
import { fold } from "./name.js";
import { bdi, el } from "../view/element.js";

const minute = 60_000;
const idleAfter = 5 * minute; // a shorter idle time is not shown

const doors = { tcp: "terminal", ws: "browser" };

export class Roster {
  #members = new Map(); // folded name → {nick, via, idle, at}: idle ms at a moment of clock.js
  #count = 0;
  #drawing = false; // whether a redraw is scheduled
  #timer = 0; // draws the idle times while the roster is shown
  #elements;
  #isOwn;

  // elements has the elements list, count and others. isOwn(nick) reports whether a name is the reader's.
  constructor(elements, isOwn) {
    this.#elements = elements;
    this.#isOwn = isOwn;
  }

  show() {
    this.#timer ||= setInterval(() => this.#drawSoon(), minute);
    this.#draw();
  }

  hide() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }

  set(members, count) {
    const at = now();
    this.#members = new Map(members.map(({ nick, via, idle = 0 }) => [fold(nick), { nick, via, idle: idle * 1000, at }]));
    this.setCount(count);
  }

  // active records that a member has said something.
  active(nick) {
    const member = this.#members.get(fold(nick));
    if (!member) return;
    const shown = member.idle + since(member.at) >= idleAfter;
    Object.assign(member, { idle: 0, at: now() });
    if (shown) this.#drawSoon();
  }

  setCount(count) {
    this.#count = Math.max(count, this.#members.size);
    this.#drawSoon();
  }

  join({ nick, via }) {
    const known = this.#members.has(fold(nick));
    this.#members.set(fold(nick), { nick, via, idle: 0, at: now() });
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
    if (this.#drawing || !this.#timer) return;
    this.#drawing = true;
    setTimeout(() => {
      this.#drawing = false;
      if (this.#timer) this.#draw();
    }, 50);
  }

  #draw() {
    const { list, count, others } = this.#elements;
    const members = [...this.#members.values()].sort((a, b) => a.nick.localeCompare(b.nick));
    list.replaceChildren(...members.map((m) => row(m, this.#isOwn(m.nick))));
    count.textContent = this.#count;
    others.hidden = members.length === this.#count;
    others.textContent = `and ${this.#count - members.length} more`;
  }
}

function row({ nick, via, idle, at }, own) {
  const time = idle + since(at);
  const about = [own ? "you" : "", doors[via] ?? via ?? "", time >= idleAfter ? `idle ${duration(time)}` : ""];
  const item = el("li", own ? "own" : "", bdi(nick), " ", el("span", "via", about.filter(Boolean).join(", ")));
  item.dataset.nick = nick;
  return item;
}

// duration returns a time in minutes, hours or days.
function duration(ms) {
  const minutes = Math.floor(ms / minute);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / (24 * 60))} days`;
}
