// A Room is one of the rooms that the page is in. It owns the connection to the room, the room's events in
// order, its members, and what the reader has not seen.

import { ConnectionDown } from "../net/connection.js";
import { firstSince } from "./finddate.js";
import { mentions } from "./mention.js";
import { Timeline, between } from "./timeline.js";
import { Unread } from "./unread.js";
import { t } from "../i18n/i18n.js";

const historyLimit = 50;
const olderLimit = 100;
const gapLimit = 500;
const contextLimit = 25; // messages before and after one that is shown in context
const membersDelay = 3_000;

/** @typedef {import("../net/event.js").Event} Event */
/** @typedef {import("../net/event.js").Said} Said */
/**
 * @template {Event["type"]} T
 * @typedef {import("../net/event.js").EventOf<T>} EventOf
 */
/** @typedef {{own: boolean, mention: boolean}} Marks what an event has to do with the reader */
/** @typedef {{type: "gap", after: number, before?: number, missed?: number, lost?: boolean, skipped?: boolean, fill?: () => Promise<void>}} Gap */

/** @typedef {(options: {older: (events: any[]) => Promise<any>, cut: (removed: any[]) => any}) => import("../view/log.js").Log} NewLog */

export class Room {
  kind = /** @type {const} */ ("room");
  name;
  /** @type {import("../net/connection.js").Connection} */
  connection;
  /** @type {import("../view/log.js").Log} */
  log;
  /** @type {import("./roster.js").Roster} */
  roster;
  unread = new Unread();
  entered; // resolves when the page has entered the room, and rejects if the server refuses that

  #settle;
  #nick;
  #outbox;
  #pending;
  #reads;
  #saved;
  #muted;
  #isLookedAt;
  #onUnread;
  #onHistory = () => {};
  #timeline = new Timeline();
  /** @type {number | undefined} */
  #lastAtWelcome = 0; // the newest id of the room when the page entered it
  #firstLive = 1; // no message before this id arrived as an event
  #membersTimer = 0;

  /** @type {{[T in Event["type"]]?: (event: EventOf<T>) => void}} */
  #handlers = {
    welcome: (e) => this.#enter(e),
    message: (e) => this.#addSaid(e),
    action: (e) => this.#addSaid(e),
    notice: (e) => this.#show(e),
    error: (e) => this.#show(e),
    join: (e) => {
      this.roster.join(e);
      this.#add(e);
    },
    leave: (e) => {
      this.roster.leave(e);
      this.#add(e);
    },
    nick: (e) => {
      this.roster.rename(e);
      this.showPending();
      this.#add(e);
    },
    presence: (e) => {
      this.roster.setCount(e.count);
      this.#requestMembersSoon();
      this.#add(e);
    },
    gap: (e) => this.#addGap(e),
  };

  // connect(room) returns the connection of a room. newLog({older, cut}) and newRoster() return the views of
  // the room. isLookedAt(room) reports whether the reader sees what arrives in a room. onUnread(room, event) is
  // called when unread has changed, with the event if it is because of one.
  /**
   * @param {string} name
   * @param {{
   *   connect: (room: Room) => Room["connection"],
   *   nick: import("./nick.js").Nick,
   *   outbox: import("../net/outbox.js").Outbox,
   *   pending: import("../view/pending.js").Pending,
   *   reads: import("./reads.js").Reads,
   *   saved: import("./saved.js").Saved,
   *   muted: import("./muted.js").Muted,
   *   newLog: NewLog,
   *   newRoster: () => Room["roster"],
   *   isLookedAt: (room: Room) => boolean,
   *   onUnread: (room: Room, event?: any) => void,
   * }} options
   */
  constructor(name, { connect, nick, outbox, pending, reads, saved, muted, newLog, newRoster, isLookedAt, onUnread }) {
    this.name = name;
    this.#nick = nick;
    this.#outbox = outbox;
    this.#pending = pending;
    this.#reads = reads;
    this.#saved = saved;
    this.#muted = muted;
    this.#isLookedAt = isLookedAt;
    this.#onUnread = onUnread;
    this.log = newLog({ older: (events) => this.#older(events), cut: (removed) => this.#cut(removed) });
    this.roster = newRoster();
    this.connection = connect(this);
    this.entered = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.entered.catch(() => {}); // nobody may wait for it
  }

  // key identifies the room among all conversations.
  get key() {
    return this.name;
  }

  get label() {
    return `#${this.name}`;
  }

  // newest is the id of the newest message that the page has, or null.
  get newest() {
    return this.#timeline.newest;
  }

  // onHistory calls a function once the log has the history of the room.
  onHistory(f) {
    if (this.newest === null) this.#onHistory = f;
    else f();
  }

  // receive handles an event of the server. Other types than those have no effect.
  /** @param {Event} event */
  receive(event) {
    this.#handlers[event.type]?.(/** @type {any} */ (event));
  }

  // say says a text in the room, now or when there is a connection.
  say(request, typed) {
    this.#outbox.say(request, this.name, typed);
    this.log.toEnd();
  }

  showPending() {
    this.log.setPending(this.#pending.draw(this.#outbox.of(this.name), this.#nick.name || t("you")));
  }

  // look records that the reader sees the room.
  look() {
    this.#reads.set(this.name, this.newest);
    if (this.unread.clear()) this.#onUnread(this);
  }

  // lookAway makes the next message one that the reader has not seen, after a mark.
  lookAway() {
    this.unread.marked = false;
  }

  // showSaved shows the messages that save has kept, until the page has the history.
  showSaved() {
    const { events } = this.log;
    if (this.newest !== null || events.some((e) => e.saved)) return;
    const messages = this.#markOld(this.#saved.load(this.name)).map((e) => ({ ...e, saved: true }));
    if (messages.length > 0) this.log.set([...messages, ...events], true);
  }

  // save keeps the last messages of the room for when there is no connection.
  save() {
    this.#saved.save(this.name, this.log.events);
  }

  // close leaves the room, and forgets what save has kept.
  close() {
    this.#saved.forget(this.name);
    this.connection.request({ type: "quit" }).catch(() => {}).finally(() => this.connection.end());
  }

  // seenElsewhere records that the reader has seen the messages up to an id in another tab.
  seenElsewhere(id) {
    if (this.newest !== null && id >= this.newest && this.unread.clear()) this.#onUnread(this);
  }

  // refuse rejects entered.
  refuse(err) {
    this.#settle.reject(err);
  }

  /** @param {EventOf<"welcome">} welcome */
  #enter(welcome) {
    this.#settle.resolve();
    if (welcome.room !== this.name) this.#rename(welcome.room);
    this.#lastAtWelcome = welcome.last;
    this.lookAway();
    this.roster.set(welcome.members, welcome.count);
    if (this.#timeline.newest === null && !this.#timeline.holding) this.#loadHistory();
    else this.log.askAgain();
    this.#outbox.enter(this.name);
  }

  // rename handles that the server has put the page into another room than requested.
  #rename(name) {
    this.log.set([], false);
    this.#timeline = new Timeline();
    this.#outbox.move(this.name, name);
    this.name = name;
  }

  // loadHistory shows the messages before the page entered the room. Later events wait.
  async #loadHistory() {
    const timeline = this.#timeline;
    const last = this.#lastAtWelcome;
    this.#firstLive = (last ?? 0) + 1;
    timeline.hold();
    try {
      const { messages, more } = await this.#requestHistory();
      if (timeline !== this.#timeline) return;
      const held = this.#unsaved(); // what concerns the reader alone
      const shown = timeline.release(this.#markOld(messages), last);
      this.log.set(merge(held, this.#withMark(shown)), more === true && messages.length > 0);
      this.#outbox.dropShown(this.name);
      if (this.unread.count > 0) this.log.startAtMark();
      this.#seen();
      this.#onHistory();
    } catch (err) {
      if (err instanceof ConnectionDown) return timeline.abandon();
      this.log.set(this.#unsaved(), false);
      for (const e of timeline.release([], last)) this.#show(e);
      this.#outbox.dropShown(this.name);
      this.#show({ type: "error", message: err.message });
    }
  }

  // unsaved returns the events of the log without those of showSaved.
  #unsaved() {
    return this.log.events.filter((e) => !e.saved);
  }

  // requestHistory requests the last messages, and all that the reader has not seen if they are not too many.
  async #requestHistory() {
    const last = await this.connection.request({ type: "history", limit: historyLimit });
    const read = this.#reads.get(this.name);
    if (read === undefined || !last.more || !(last.messages[0]?.id > read)) return last;
    const unread = await this.connection.request({ type: "since", id: read, limit: gapLimit });
    return unread.more ? last : { messages: unread.messages, more: true };
  }

  // withMark returns the first messages with a mark before those that the reader has not seen, if they have
  // seen any.
  #withMark(events) {
    const read = this.#reads.get(this.name);
    const first = events.findIndex((e) => e.id > read && !e.own && !this.#muted.hides(e));
    if (read === undefined || first < 0) return events;
    this.#count(events.slice(first));
    return this.unread.withMark(events, first);
  }

  // seen records that what was added is seen, if the reader looks at the room.
  #seen() {
    if (this.#isLookedAt(this)) this.look();
    else this.#onUnread(this);
  }

  // older returns the messages before events, for the log.
  async #older(events) {
    const before = events.find(({ id }) => id !== undefined)?.id ?? this.#firstLive;
    try {
      const { messages, more } = await this.connection.request({ type: "history", before, limit: olderLimit });
      return { items: this.#markOld(messages), more: more === true && messages.length > 0 };
    } catch (err) {
      return { items: [], more: false, why: t("earlierFailed", { why: err.message }) };
    }
  }

  // reveal shows a message in context. It rejects with the reason if the room does not have it.
  async reveal(id) {
    if (!this.#find(id)) await this.#loadContext(id);
    const event = this.#find(id);
    if (!event) throw new Error(t("noSuchMessage"));
    this.log.reveal(event);
  }

  // showDay shows the first message at or after a time, in milliseconds, or the end if there is none.
  async showDay(time) {
    const first = await firstSince(time, (request) => this.connection.request(request));
    if (first) await this.reveal(first.id);
    else this.log.toEnd();
  }

  #find(id) {
    return this.log.events.find((e) => e.id === id);
  }

  // loadContext adds the messages around one that the log does not have, to the start of the log or into a gap,
  // and gaps around them.
  async #loadContext(id) {
    const timeline = this.#timeline;
    const [before, after] = await Promise.all([
      this.connection.request({ type: "history", before: id + 1, limit: contextLimit }),
      this.connection.request({ type: "since", id, limit: contextLimit }),
    ]);
    if (timeline !== this.#timeline) return;
    const messages = [...before.messages, ...after.messages];
    const place = this.#placeOf(id);
    const context = this.#markOld(between(messages, place.after, place.before));
    if (context.length === 0) return;
    const isEnd = (messages.at(-1)?.id ?? 0) >= place.before || !after.more;
    const rest = isEnd ? [] : [this.#gap({ after: context[context.length - 1].id, before: place.before, skipped: true })];
    if (!place.gap) return this.log.prepend([...context, ...rest], before.more === true);
    const isStart = messages[0].id <= place.after || !before.more;
    const start = isStart ? [] : [this.#gap({ after: place.after, before: context[0].id, skipped: true })];
    this.log.replace(place.gap, ...start, ...context, ...rest);
  }

  // placeOf returns the place of a message that the log lacks: the ids around it, and the gap, unless it is at the
  // start.
  #placeOf(id) {
    const { events } = this.log;
    const ids = events.map((e) => e.id).filter((i) => i !== undefined);
    const first = ids[0] ?? this.#firstLive;
    if (id < first) return { after: 0, before: first };
    const gap = events.findLast((e) => e.type === "gap" && e.fill && e.after < id);
    return { after: gap?.after ?? id, before: ids.find((i) => i > id) ?? Infinity, gap };
  }

  // cut returns a gap in place of removed events, for the log.
  #cut(removed) {
    const ids = removed.map(({ id }) => id).filter((id) => id !== undefined);
    return this.#gap({ after: ids[0] - 1, before: ids.at(-1) + 1, missed: ids.length });
  }

  /** @param {EventOf<"gap">} e */
  #addGap(e) {
    // A gap in the answer to a since is handled there.
    if (e.missed === 0 || e.after < (this.newest ?? 0)) return;
    if (e.lost) this.#timeline.skipTo(e.before ?? (this.#lastAtWelcome ?? 0) + 1);
    this.#outbox.dropSaid(this.name);
    this.log.add(this.#gap(e));
  }

  // gap returns a gap that the reader can fill, unless its messages are lost.
  /** @param {Omit<Gap, "type">} gap @returns {Gap} */
  #gap({ after, before, missed, lost, skipped }) {
    /** @type {Gap} */
    const gap = { type: "gap", after, before, missed, lost, skipped };
    if (!lost) gap.fill = () => this.#fillGap(gap);
    return gap;
  }

  /** @param {Gap} gap */
  async #fillGap(gap) {
    const timeline = this.#timeline;
    const { messages, more } = await this.connection.request({ type: "since", id: gap.after, limit: gapLimit });
    if (timeline !== this.#timeline) return;
    const events = this.log.events;
    const next = gap.before ?? events.slice(events.indexOf(gap) + 1).find(({ id }) => id !== undefined)?.id;
    const found = this.#markOld(between(messages, gap.after, next ?? Infinity));
    const last = found.at(-1)?.id;
    if (next === undefined && last) timeline.skipTo(last + 1);
    const complete = gap.missed === undefined ? !more || last === undefined : found.length >= gap.missed;
    const rest = { ...gap, after: last ?? gap.after, missed: gap.missed && gap.missed - found.length, lost: !more || last === undefined };
    this.log.replace(gap, ...found, ...(complete ? [] : [this.#gap(rest)]));
  }

  // requestMembersSoon updates the roster of a large room, in which the server counts joins
  // and leaves instead of sending each.
  #requestMembersSoon() {
    this.#membersTimer ||= setTimeout(async () => {
      this.#membersTimer = 0;
      const who = await this.connection.request({ type: "who" }).catch(() => null);
      if (who) this.roster.set(who.members, who.count);
    }, membersDelay);
  }

  /** @param {Said} e */
  #addSaid(e) {
    this.roster.active(e.from);
    this.#add(e);
  }

  // add shows an event in the order of the room.
  /** @param {Event} event */
  #add(event) {
    for (const e of this.#timeline.add(event)) this.#show(e);
    this.#outbox.dropShown(this.name);
  }

  #show(received) {
    const [event] = this.#mark([received], (e) => this.#nick.isOwn(e));
    if (event.id === undefined || event.own) return this.log.add(event);
    const lookedAt = this.#isLookedAt(this);
    // What was missed is marked, also if the reader looks at the room.
    const missed = event.id <= (this.#lastAtWelcome ?? 0);
    if ((missed || !lookedAt) && !this.#muted.hides(event)) this.unread.mark(this.log, event.at);
    this.log.add(event);
    if (lookedAt) return this.#reads.set(this.name, event.id);
    this.#count([event]);
    this.#onUnread(this, event);
  }

  #count(events) {
    if (!this.#muted.has(this.key)) this.unread.add(events.filter((e) => e.id !== undefined && !e.own && !this.#muted.hides(e)));
  }

  /** @param {Said[]} messages */
  #markOld(messages) {
    return this.#mark(messages, (e) => this.#nick.wasOwn(e));
  }

  // mark returns events with what they have to do with the reader.
  /** @template {{from?: string, text?: string}} E @param {E[]} events @param {(event: E) => boolean} isOwn @returns {(E & Marks)[]} */
  #mark(events, isOwn) {
    return events.map((e) => {
      const own = isOwn(e);
      const heard = e.from !== undefined && !own && !this.#muted.hides(e);
      return { ...e, own, mention: heard && mentions(e.text, this.#nick.name) };
    });
  }
}

// merge returns events with others inserted by their time.
function merge(others, events) {
  const merged = [...events];
  for (const other of others) {
    const i = merged.findLastIndex((e) => e.at && Date.parse(e.at) <= Date.parse(other.at));
    merged.splice(i + 1, 0, other);
  }
  return merged;
}
