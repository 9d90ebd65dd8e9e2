// The Room is the room that the page is in. It shows the room's events in order, its
// members, and the messages that are not said yet.

import { bareRoom } from "./command.js";
import { ConnectionDown } from "../net/connection.js";
import { Timeline, between } from "./timeline.js";

const historyLimit = 50;
const olderLimit = 100;
const gapLimit = 500;
const contextLimit = 25; // messages before and after one that is shown in context
const membersDelay = 3_000;

export class Room {
  name;

  #connection;
  #nick;
  #outbox;
  #log;
  #roster;
  #pending;
  #search;
  #title;
  #onHistory;
  #timeline = new Timeline();
  #lastAtWelcome = 0; // the newest id of the room when the page entered it
  #firstLive = 1; // no message before this id arrived as an event
  #membersTimer = 0;

  #handlers = {
    welcome: (e) => this.#enter(e),
    message: (e) => this.#addSaid(e),
    action: (e) => this.#addSaid(e),
    private: (e) => this.#show(e),
    notice: (e) => this.#show(e),
    error: (e) => this.#show(e),
    join: (e) => {
      this.#roster.join(e);
      this.#add(e);
    },
    leave: (e) => {
      this.#roster.leave(e);
      this.#add(e);
    },
    nick: (e) => {
      this.#roster.rename(e);
      this.showPending();
      this.#add(e);
    },
    presence: (e) => {
      this.#roster.setCount(e.count);
      this.#requestMembersSoon();
      this.#add(e);
    },
    gap: (e) => this.#addGap(e),
  };

  // onHistory is called when the log has the history of the first room.
  constructor(name, { connection, nick, outbox, log, roster, pending, search, title, onHistory }) {
    this.name = name;
    this.#onHistory = onHistory;
    this.#connection = connection;
    this.#nick = nick;
    this.#outbox = outbox;
    this.#log = log;
    this.#roster = roster;
    this.#pending = pending;
    this.#search = search;
    this.#title = title;
  }

  // newest is the id of the newest message that the page has, or null.
  get newest() {
    return this.#timeline.newest;
  }

  // receive handles an event of the server. Events of unknown types have no effect.
  receive(event) {
    this.#handlers[event.type]?.(event);
  }

  // join requests to enter a room. It resolves when the server has answered.
  async join(typed) {
    const room = bareRoom(typed);
    if (room.toLowerCase() !== this.name) await this.#connection.request({ type: "join", room });
  }

  say(request, typed) {
    this.#outbox.say(request, this.name, typed);
    this.#log.toEnd();
  }

  showPending() {
    this.#log.setPending(this.#pending.draw(this.#outbox.of(this.name), this.#nick.name || "you"));
  }

  #enter(welcome) {
    if (welcome.room !== this.name) this.#change(welcome);
    this.#lastAtWelcome = welcome.last;
    this.#search.setRoom(this.name);
    this.#roster.set(welcome.members, welcome.count);
    this.#title.setRoom(this.name);
    if (this.#timeline.newest === null && !this.#timeline.holding) this.#loadHistory();
    else this.#log.askAgain();
    this.#outbox.enter(this.name);
  }

  #change({ room, ref }) {
    this.#log.set(this.#log.events.filter(({ type }) => type === "private"), false); // they belong to no room
    this.#search.close();
    this.#timeline = new Timeline();
    this.#outbox.dropSaid();
    // Without a ref the reader did not request the change: the server refused the previous
    // room.
    if (ref === undefined) this.#outbox.move(this.name, room);
    this.name = room;
  }

  // loadHistory shows the messages before the page entered the room. Later events wait.
  async #loadHistory() {
    const timeline = this.#timeline;
    const last = this.#lastAtWelcome;
    this.#firstLive = (last ?? 0) + 1;
    timeline.hold();
    try {
      const { messages, more } = await this.#connection.request({ type: "history", limit: historyLimit });
      if (timeline !== this.#timeline) return;
      const kept = this.#log.events;
      this.#log.set(merge(kept, timeline.release(this.#markOld(messages), last)), more === true && messages.length > 0);
      this.#outbox.dropShown();
      this.#onHistory?.();
      this.#onHistory = null;
    } catch (err) {
      if (err instanceof ConnectionDown) return timeline.abandon();
      for (const e of timeline.release([], last)) this.#show(e);
      this.#outbox.dropShown();
      this.#show({ type: "error", message: err.message });
    }
  }

  // older returns the messages before events, for the log.
  async older(events) {
    const before = events.find(({ id }) => id !== undefined)?.id ?? this.#firstLive;
    try {
      const { messages, more } = await this.#connection.request({ type: "history", before, limit: olderLimit });
      return { items: this.#markOld(messages), more: more === true && messages.length > 0 };
    } catch (err) {
      return { items: [], more: false, why: `Earlier messages can't be loaded: ${err.message}` };
    }
  }

  // reveal shows a message in context. It rejects with the reason if the room does not have it.
  async reveal(id) {
    if (!this.#find(id)) await this.#loadContext(id);
    const event = this.#find(id);
    if (!event) throw new Error("this room has no such message, or no longer");
    this.#log.reveal(event);
  }

  #find(id) {
    return this.#log.events.find((e) => e.id === id);
  }

  // loadContext adds the messages around an earlier one to the start of the log, and a gap after them.
  async #loadContext(id) {
    const timeline = this.#timeline;
    const [before, after] = await Promise.all([
      this.#connection.request({ type: "history", before: id + 1, limit: contextLimit }),
      this.#connection.request({ type: "since", id, limit: contextLimit }),
    ]);
    if (timeline !== this.#timeline) return;
    const first = this.#log.events.find((e) => e.id !== undefined)?.id ?? this.#firstLive;
    const messages = [...before.messages, ...after.messages];
    const context = this.#markOld(messages.filter((e) => e.id < first));
    if (context.length === 0) return;
    const complete = context.length < messages.length || !after.more;
    const gap = this.#gap({ after: context.at(-1).id, before: first });
    this.#log.prepend(complete ? context : [...context, gap], before.more === true);
  }

  // cut returns a gap in place of removed events, for the log.
  cut(removed) {
    const ids = removed.map(({ id }) => id).filter((id) => id !== undefined);
    return this.#gap({ after: ids[0] - 1, before: ids.at(-1) + 1, missed: ids.length });
  }

  #addGap(e) {
    // A gap in the answer to a since is handled there.
    if (e.missed === 0 || e.after < this.#timeline.newest) return;
    if (e.lost) this.#timeline.skipTo(e.before ?? this.#lastAtWelcome + 1);
    this.#outbox.dropSaid();
    this.#log.add(this.#gap(e));
  }

  // gap returns a gap that the reader can fill, unless its messages are lost.
  #gap({ after, before, missed, lost }) {
    const gap = { type: "gap", after, before, missed, lost };
    if (!lost) gap.fill = () => this.#fillGap(gap);
    return gap;
  }

  async #fillGap(gap) {
    const timeline = this.#timeline;
    const { messages, more } = await this.#connection.request({ type: "since", id: gap.after, limit: gapLimit });
    if (timeline !== this.#timeline) return;
    const events = this.#log.events;
    const next = gap.before ?? events.slice(events.indexOf(gap) + 1).find(({ id }) => id !== undefined)?.id;
    const found = this.#markOld(between(messages, gap.after, next ?? Infinity));
    const last = found.at(-1)?.id;
    if (next === undefined && last) timeline.skipTo(last + 1);
    const complete = gap.missed === undefined ? !more || last === undefined : found.length >= gap.missed;
    const rest = { after: last ?? gap.after, before: gap.before, missed: gap.missed && gap.missed - found.length, lost: !more || last === undefined };
    this.#log.replace(gap, ...found, ...(complete ? [] : [this.#gap(rest)]));
  }

  // requestMembersSoon updates the roster of a large room, in which the server counts joins
  // and leaves instead of sending each.
  #requestMembersSoon() {
    this.#membersTimer ||= setTimeout(async () => {
      this.#membersTimer = 0;
      const room = this.name;
      const who = await this.#connection.request({ type: "who" }).catch(() => null);
      if (who && room === this.name) this.#roster.set(who.members, who.count);
    }, membersDelay);
  }

  #addSaid(e) {
    this.#roster.active(e.from);
    this.#add(e);
  }

  // add shows an event in the order of the room.
  #add(event) {
    for (const e of this.#timeline.add(event)) this.#show(e);
    this.#outbox.dropShown();
  }

  #show(event) {
    this.#log.add({ ...event, own: this.#nick.isOwn(event) });
    if (document.hidden && event.from) this.#title.addUnread();
  }

  #markOld(messages) {
    return messages.map((e) => ({ ...e, own: this.#nick.wasOwn(e) }));
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
