// A Roster lists the members of a room, with how they are connected and how long they have been
// idle. In a large room the server sends only some of them, and the count of all.

import { now, since } from "../net/clock.js";
import { fold } from "./name.js";
import { arrange, bdi, button, el } from "../view/element.js";
import { t } from "../i18n/i18n.js";

const minute = 60_000;
const idleAfter = 5 * minute; // a shorter idle time is not shown

const doors = { tcp: t("terminal"), ws: t("browser") };

export class Roster {
  #members = new Map(); // folded name → {nick, via, idle, at}: idle ms at a moment of clock.js
  #count = 0;
  #drawing = false; // whether a redraw is scheduled
  #timer = 0; // draws the idle times while the roster is shown
  #elements;
  #rows = new Map(); // folded name → {version, item}
  #isOwn;
  #onChoose;

  // elements has the elements list, count and others. isOwn(nick) reports whether a name is the reader's.
  // onChoose(nick) is called when the reader chooses another member.
  constructor(elements, { isOwn, onChoose }) {
    this.#elements = elements;
    this.#isOwn = isOwn;
    this.#onChoose = onChoose;
  }

  show() {
    this.#timer ||= setInterval(() => this.#drawSoon(), minute);
    this.#draw();
  }

  hide() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }

  // names are those of the known members, the most recently active first.
  get names() {
    const until = now();
    const idle = (m) => m.idle + since(m.at, until);
    return [...this.#members.values()].sort((a, b) => idle(a) - idle(b) || a.nick.localeCompare(b.nick)).map(({ nick }) => nick);
  }

  /** @param {import("../net/event.js").EventOf<"who">["members"]} members @param {number} count */
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

  /** @param {import("../net/event.js").EventOf<"join">} event */
  join({ nick, via }) {
    const known = this.#members.has(fold(nick));
    this.#members.set(fold(nick), { nick, via, idle: 0, at: now() });
    this.setCount(this.#count + (known ? 0 : 1));
  }

  /** @param {import("../net/event.js").EventOf<"leave">} event */
  leave({ nick }) {
    const complete = this.#members.size === this.#count;
    const known = this.#members.delete(fold(nick));
    this.setCount(this.#count - (known || !complete ? 1 : 0));
  }

  /** @param {import("../net/event.js").EventOf<"nick">} event */
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
    const shown = new Map(members.map((m) => [fold(m.nick), this.#row(m)]));
    this.#rows = shown;
    arrange(list, [...shown.values()].map(({ item }) => item));
    count.textContent = this.#count;
    others.hidden = members.length === this.#count;
    others.textContent = t("andMore", { n: this.#count - members.length });
  }

  // row returns the row of a member. If it has not changed, it keeps its element, and with it the focus.
  #row({ nick, via, idle, at }) {
    const own = this.#isOwn(nick);
    const time = idle + since(at);
    const about = [own ? t("you") : "", doors[via] ?? via ?? "", time >= idleAfter ? t("idle", { time: duration(time) }) : ""]
      .filter(Boolean)
      .join(t("comma"));
    const version = JSON.stringify([nick, own, about]);
    const before = this.#rows.get(fold(nick));
    if (before?.version === version) return before;
    const name = own ? bdi(nick) : this.#choice(nick);
    const item = el("li", "", name, " ", el("span", "via", about));
    item.dataset.nick = nick;
    return { version, item };
  }

  #choice(nick) {
    const choice = button("", "person", () => this.#onChoose(nick));
    choice.append(bdi(nick));
    choice.title = t("writeTo", { name: nick });
    return choice;
  }
}

// duration returns a time in minutes, hours or days.
function duration(ms) {
  const minutes = Math.floor(ms / minute);
  if (minutes < 60) return t("minutes", { n: minutes });
  if (minutes < 48 * 60) return t("hours", { n: Math.floor(minutes / 60) });
  return t("days", { n: Math.floor(minutes / (24 * 60)) });
}
