// A Log shows the events of a conversation, and after them the messages that are not said yet. While it is
// hidden it has no elements besides its box.

import { arrange, el } from "./element.js";
import { entryFor } from "./entries.js";
import { now } from "../net/clock.js";
import { Scroller } from "./scroller.js";
import { t } from "../i18n/i18n.js";

const maxQueued = 5_000; // events of a burst
const maxCombined = 200; // joins and leaves in one line
const moving = ["join", "leave", "presence"];

export class Log {
  unseen = 0; // messages that arrived while the reader did not follow the end

  #box = el("div", "log");
  #start = el("p", "start");
  #entries = el("div", "entries");
  #pendingGroup = el("div", "pending");
  #scroller;
  #queue = [];
  #timer = 0;
  #hidden = true;
  #hides;
  #onArrival;
  #onFollow;

  // older(events) resolves to {items, more}, the events before those, and whether there are more.
  // cut(removed) returns a gap in place of removed events. hides(event) reports whether an event is not shown.
  // onArrival(events) is called with the events that
  // add has added and that are not hidden. onFollow is called when following or unseen may have changed.
  constructor({ older, cut, hides, onArrival, onFollow }) {
    this.#hides = hides;
    this.#onArrival = onArrival;
    this.#onFollow = onFollow;
    Object.assign(this.#box, { role: "log", ariaLive: "off", ariaLabel: t("messages"), tabIndex: 0 });
    Object.assign(this.#pendingGroup, { role: "group", ariaLabel: t("notSaidYet") });
    this.#box.append(el("div", "content", this.#start, this.#entries, this.#pendingGroup));
    this.#scroller = new Scroller(this.#box, this.#entries, {
      render: (event, before) => entryFor(event, before, hides(event)),
      older: (events) => this.#load(events, older),
      cut,
      onFollow: () => this.#followed(),
    });
  }

  // show puts the log in the place of an element of the document, which may be the box of another log that
  // is hidden now. It returns its box.
  show(place) {
    place.replaceWith(this.#box);
    this.#box.id = "log";
    this.#hidden = false;
    this.#flush();
    this.#scroller.show();
    return this.#box;
  }

  // hide must be called before the log leaves the document.
  hide() {
    this.#scroller.hide();
    this.#hidden = true;
    this.#box.removeAttribute("id");
  }

  get hidden() {
    return this.#hidden;
  }

  // following reports whether the log scrolls to what arrives.
  get following() {
    return this.#scroller.following;
  }

  // events returns the events of the log, oldest first.
  get events() {
    this.#flush();
    return this.#scroller.items;
  }

  // add shows an event soon, so that a burst costs one layout. It uses a timer because a hidden page
  // gets no animation frames.
  add(event) {
    const timed = event.at || event.type === "gap";
    this.#queue.push(timed ? event : { ...event, at: new Date(now().date).toISOString() });
    if (this.#queue.length > maxQueued) this.#flush();
    else this.#timer ||= setTimeout(() => this.#flush(), 16);
  }

  // set replaces all events. more tells whether there are older ones.
  set(events, more) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#queue = [];
    this.unseen = 0;
    this.#start.textContent = more ? "" : t("nothingEarlier");
    this.#scroller.set(combine(events), more);
    this.#showEmpty();
  }

  // setPending replaces the entries of pending messages.
  setPending(entries) {
    this.#flush();
    entries.forEach((e, i) => e.classList.toggle("continued", i > 0));
    arrange(this.#pendingGroup, entries);
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

  // separate marks that the reader has not seen what follows, in place of an earlier mark. at is the time of
  // what follows.
  separate(at) {
    this.#flush();
    const before = this.#mark();
    if (before) this.#scroller.replace(before);
    this.#scroller.append([{ type: "unseen", at }]);
  }

  // startAtMark scrolls up to the mark of separate, unless it is visible or does not exist.
  startAtMark() {
    const mark = this.#mark();
    if (mark) this.#scroller.startAt(mark);
  }

  #mark() {
    return this.#scroller.items.findLast(({ type }) => type === "unseen");
  }

  // redraw shows all events again, because the time zone has changed, or what hides reports.
  redraw() {
    this.#scroller.redraw();
  }

  // focus moves the focus to the log.
  focus() {
    this.#box.focus({ preventScroll: true });
  }

  // pageUp scrolls up by almost a screen, and moves the focus there.
  pageUp() {
    this.#flush();
    this.focus();
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
    this.#scroller.append(this.#combine(events));
    const visible = events.filter((e) => !this.#hides(e));
    if (!this.following) this.unseen += visible.filter(({ from }) => from !== undefined).length;
    this.#onArrival(visible);
    this.#followed();
    this.#showEmpty();
  }

  // combine combines joins and leaves that follow one another. It changes the last event of the log if the
  // first ones belong to it.
  #combine(events) {
    const last = this.#scroller.items.at(-1);
    const combined = combine(last?.type === "movements" ? [last, ...events] : events);
    if (last?.type !== "movements") return combined;
    if (combined[0].events.length > last.events.length) this.#scroller.replace(last, combined[0]);
    return combined.slice(1);
  }

  async #load(events, older) {
    this.#start.textContent = t("loadingEarlier");
    const { items, more, why } = await older(events);
    this.#start.textContent = more ? "" : (why ?? t("nothingEarlier"));
    return { items, more };
  }

  #followed() {
    if (this.following) this.unseen = 0;
    this.#onFollow();
  }

  #showEmpty() {
    this.#box.toggleAttribute("data-empty", this.#scroller.items.length === 0 && this.#pendingGroup.childElementCount === 0);
  }
}

// combine returns events with joins and leaves that follow one another combined into one, together with the
// names that those who arrived have chosen.
function combine(events) {
  const combined = [];
  for (const event of events) {
    const last = combined.at(-1);
    const named = event.type === "nick" && last?.type === "movements" && last.events.some((e) => e.type === "join" && e.nick === event.nick);
    if (!moving.includes(event.type) && !named) combined.push(event);
    else if (last?.type === "movements" && last.events.length < maxCombined) {
      combined[combined.length - 1] = { ...last, events: [...last.events, event] };
    } else combined.push({ type: "movements", at: event.at, events: [event] });
  }
  return combined;
}
