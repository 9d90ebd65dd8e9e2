// The Room is the room that the page is in. It shows the room's events in order, its
// members, and the messages that are not said yet.

import { bareRoom } from "./command.js";
import { ConnectionDown } from "../net/connection.js";
import { entryFor, gap } from "../view/entries.js";
import { Timeline, between } from "./timeline.js";

const historyLimit = 50;
const gapLimit = 500;
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
  #timeline = new Timeline();
  #lastAtWelcome = 0; // the newest id of the room when the page entered it
  #membersTimer = 0;

  #handlers = {
    welcome: (e) => this.#enter(e),
    message: (e) => this.#add(e),
    action: (e) => this.#add(e),
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

  constructor(name, { connection, nick, outbox, log, roster, pending, search, title }) {
    this.name = name;
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
    this.#log.scrollToEnd();
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
    this.#outbox.enter(this.name);
  }

  #change({ room, ref }) {
    this.#log.leaveRoom();
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
    timeline.hold();
    try {
      const { messages } = await this.#connection.request({ type: "history", limit: historyLimit });
      if (timeline !== this.#timeline) return;
      this.#log.addHistory(timeline.release(messages, last).map((e) => this.#entry(e)));
      this.#outbox.dropShown();
    } catch (err) {
      if (err instanceof ConnectionDown) return timeline.abandon();
      for (const e of timeline.release([], last)) this.#show(e);
      this.#outbox.dropShown();
      this.#show(err);
    }
  }

  #addGap(e) {
    // A gap in the answer to loadGap is handled there.
    if (e.missed === 0 || e.after < this.#timeline.newest) return;
    if (e.lost) this.#timeline.skipTo(e.before ?? this.#lastAtWelcome + 1);
    this.#outbox.dropSaid();
    this.#log.add(gap(e, (after, before) => this.#loadGap(after, before)));
  }

  async #loadGap(after, before) {
    const { messages, more } = await this.#connection.request({ type: "since", id: after, limit: gapLimit });
    const missed = between(messages, after, before ?? Infinity);
    const last = missed.at(-1)?.id;
    if (before === undefined && last) this.#timeline.skipTo(last + 1);
    return { entries: missed.map((e) => this.#entry(e)), last, more: more && last !== undefined };
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

  // add shows an event in the order of the room.
  #add(event) {
    for (const e of this.#timeline.add(event)) this.#show(e);
    this.#outbox.dropShown();
  }

  #show(event) {
    this.#log.add(this.#entry(event));
    if (document.hidden && event.from) this.#title.addUnread();
  }

  #entry(event) {
    return entryFor(event, this.#nick.name);
  }
}
