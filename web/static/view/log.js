// The Log shows the events of a room, and after them the messages that are not said yet. It owns the
// button that returns to the end, and the text that a screen reader reads out.

import { el } from "./element.js";
import { Scroller } from "./scroller.js";
import { refresh } from "./times.js";

const maxQueued = 5_000; // events of a burst
const maxFolded = 200; // joins and leaves in one line
const moving = ["join", "leave", "presence"];
const maxAnnounced = 20; // texts that a screen reader has not read out yet

export class Log {
  #box;
  #start = el("p", "start");
  #entries = el("div", "entries");
  #pendingGroup = el("div", "pending");
  #scroller;
  #button;
  #announcer;
  #entry;
  #older;
  #queue = [];
  #timer = 0;
  #unseen = 0; // messages that arrived while the reader did not follow the end

  // entry(event, before) returns the element of an event, which comes after another one or undefined.
  // older(events) resolves to {items, more}, the events before those, and whether there are more.
  // cut(removed) returns a gap in place of removed events.
  constructor({ box, button, announcer, entry, older, cut }) {
    this.#box = box;
    this.#button = button;
    this.#announcer = announcer;
    this.#entry = entry;
    this.#older = older;
    this.#pendingGroup.role = "group";
    this.#pendingGroup.ariaLabel = "Not said yet";
    box.append(el("div", "content", this.#start, this.#entries, this.#pendingGroup));
    this.#scroller = new Scroller(box, this.#entries, {
      render: (event, before) => this.#entry(event, before),
      older: (events) => this.#load(events),
      cut,
      onFollow: () => this.#showButton(),
    });
    button.addEventListener("click", () => {
      this.toEnd();
      box.focus({ preventScroll: true });
    });
  }

  // events returns the events of the log, oldest first.
  get events() {
    return this.#scroller.items;
  }

  // add shows an event soon, so that a burst costs one layout. It uses a timer because a hidden page
  // gets no animation frames.
  add(event) {
    this.#queue.push(event);
    if (this.#queue.length > maxQueued) this.#flush();
    else this.#timer ||= setTimeout(() => this.#flush(), 16);
  }

  // set replaces all events. more tells whether there are older ones.
  set(events, more) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#queue = [];
    this.#unseen = 0;
    this.#start.textContent = more ? "" : "Nothing earlier";
    this.#scroller.set(fold(events), more);
    this.#showEmpty();
  }

  // setPending replaces the entries of pending messages. It does not move those that remain, so that
  // they keep the focus.
  setPending(entries) {
    this.#flush();
    for (const e of [...this.#pendingGroup.children]) if (!entries.includes(e)) e.remove();
    entries.forEach((e, i) => {
      e.classList.toggle("continued", i > 0);
      if (this.#pendingGroup.children[i] !== e) this.#pendingGroup.insertBefore(e, this.#pendingGroup.children[i] ?? null);
    });
    this.#scroller.update();
    this.#showEmpty();
  }

  // prepend adds earlier events at the start. more tells whether there are older ones.
  prepend(events, more) {
    this.#flush();
    this.#scroller.prepend(events, more);
  }

  // reveal scrolls to an event and highlights it.
  reveal(event) {
    this.#flush();
    const shown = this.#scroller.reveal(event);
    const entry = shown.querySelector(".entry") ?? shown; // the first of a day has more around it
    for (const e of this.#entries.querySelectorAll(".highlight")) e.classList.remove("highlight");
    entry.classList.add("highlight");
    entry.tabIndex = -1;
    entry.focus({ preventScroll: true });
  }

  // replace replaces an event by others, such as a gap by what was missing.
  replace(event, ...others) {
    this.#flush();
    this.#scroller.replace(event, ...others);
  }

  // askAgain makes the log load earlier events again, after that has failed.
  askAgain() {
    this.#scroller.setMore();
  }

  // redraw shows all events again, because their entries have changed.
  redraw() {
    this.#scroller.redraw();
  }

  // wake is called when the reader comes back to the page.
  wake() {
    if (refresh()) this.redraw();
  }

  // pageUp scrolls up by almost a screen, and moves the focus there.
  pageUp() {
    this.#flush();
    this.#box.focus({ preventScroll: true });
    this.#box.scrollBy(0, -0.9 * this.#box.clientHeight);
  }

  toEnd() {
    this.#flush();
    this.#scroller.toEnd();
  }

  #flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#queue.length === 0) return;
    const events = this.#queue;
    this.#queue = [];
    this.#scroller.append(this.#fold(events));
    this.#unseen += events.filter(({ from }) => from !== undefined).length;
    this.#announce(events);
    this.#showButton();
    this.#showEmpty();
  }

  // fold combines joins and leaves that follow one another. It changes the last event of
  // the log if the first ones belong to it.
  #fold(events) {
    const last = this.#scroller.items.at(-1);
    const folded = fold(last?.type === "movements" ? [last, ...events] : events);
    if (last?.type !== "movements") return folded;
    if (folded[0].events.length > last.events.length) this.#scroller.replace(last, folded[0]);
    return folded.slice(1);
  }

  async #load(events) {
    this.#start.textContent = "Loading earlier messages…";
    const { items, more, why } = await this.#older(events);
    this.#start.textContent = more ? "" : (why ?? "Nothing earlier");
    return { items, more };
  }

  #showButton() {
    if (this.#scroller.following) this.#unseen = 0;
    this.#button.hidden = this.#scroller.following;
    this.#button.textContent = this.#unseen === 0 ? "To the newest" : this.#unseen === 1 ? "1 new message" : `${this.#unseen} new messages`;
  }

  #showEmpty() {
    this.#box.toggleAttribute("data-empty", this.#scroller.items.length === 0 && this.#pendingGroup.childElementCount === 0);
  }

  // announce makes a screen reader read out new messages, each once, whatever is shown.
  #announce(events) {
    const texts = events.map(announcement).filter((text) => text !== null);
    this.#announcer.append(...texts.slice(-maxAnnounced).map((text) => el("p", "", text)));
    while (this.#announcer.childElementCount > maxAnnounced) this.#announcer.firstElementChild.remove();
  }
}

// fold returns events with joins and leaves that follow one another combined into one, together with the
// names that those who arrived have chosen.
function fold(events) {
  const folded = [];
  for (const event of events) {
    const last = folded.at(-1);
    const named = event.type === "nick" && last?.type === "movements" && last.events.some((e) => e.type === "join" && e.nick === event.nick);
    if (!moving.includes(event.type) && !named) folded.push(event);
    else if (last?.type === "movements" && last.events.length < maxFolded) {
      folded[folded.length - 1] = { ...last, events: [...last.events, event] };
    } else folded.push({ type: "movements", at: event.at, events: [event] });
  }
  return folded;
}

// announcement returns what a screen reader reads out for an event, or null.
function announcement({ type, from, text, message }) {
  switch (type) {
    case "message":
      return `${from}: ${text}`;
    case "action":
      return `${from} ${text}`;
    case "private":
      return `${from}, in private: ${text}`;
    case "error":
    case "notice":
    case "told":
      return message;
  }
  return null;
}
