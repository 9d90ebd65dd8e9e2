// Saved keeps the last messages of rooms in the local storage, so that the page can show them without a connection. All
// tabs share them. It keeps no private messages.

import { parse } from "../net/event.js";

const maxMessages = 50; // of one room
const maxSize = 60_000; // of one room, in characters
const maxRooms = 16; // so that all are well below the quota of browsers

export class Saved {
  #prefix;
  #storage;

  // storage() may throw, as localStorage does if the browser denies storage. Then nothing is kept.
  constructor(prefix, storage = () => localStorage) {
    this.#prefix = prefix;
    this.#storage = storage;
  }

  // load returns the messages of a room, in the order of their ids. Another program may have written to the
  // storage, so they have only the fields of a message (event.js), and what is no message of the room is left out.
  load(room) {
    try {
      return this.#read(room);
    } catch {
      return [];
    }
  }

  // save keeps the last messages of a list, which may have other events, in place of those that it has of the room. It
  // does nothing if those are newer, as when another tab has saved them, or if the list has no messages.
  save(room, events) {
    try {
      const messages = fitting(check(room, events));
      if (messages.length === 0 || newest(this.#read(room)) > newest(messages)) return;
      const text = JSON.stringify({ type: "history", messages });
      this.#drop(room, maxRooms - 1);
      try {
        this.#storage().setItem(this.#prefix + room, text);
      } catch {
        this.#drop(room, 0); // the storage is full
        this.#storage().setItem(this.#prefix + room, text);
      }
    } catch {}
  }

  // forget removes the messages of a room.
  forget(room) {
    try {
      this.#storage().removeItem(this.#prefix + room);
    } catch {}
  }

  #read(room) {
    const text = this.#storage().getItem(this.#prefix + room);
    if (text === null || text.length > maxSize) return [];
    return check(room, JSON.parse(text).messages);
  }

  // drop removes the messages of the other rooms but those with the newest messages.
  #drop(room, rooms) {
    const others = Object.keys(this.#storage())
      .filter((key) => key.startsWith(this.#prefix) && key !== this.#prefix + room)
      .map((key) => key.slice(this.#prefix.length));
    if (others.length <= rooms) return;
    const byAge = others.map((name) => ({ name, at: newest(this.load(name)) })).sort((a, b) => b.at - a.at);
    for (const { name } of byAge.slice(rooms)) this.forget(name);
  }
}

// check returns the last messages of the room in a list of anything.
function check(room, events) {
  const parsed = parse(JSON.stringify({ type: "history", messages: events }));
  const messages = parsed?.type === "history" ? parsed.messages : [];
  const ordered = messages.filter((m) => m.room === undefined || m.room === room).sort((a, b) => a.id - b.id);
  return ordered.filter(({ id }, i) => id !== ordered[i - 1]?.id).slice(-maxMessages);
}

// fitting returns the last of the messages that fit.
function fitting(messages) {
  let size = 100; // more than is around them
  const first = messages.findLastIndex((m) => (size += JSON.stringify(m).length + 1) > maxSize);
  return messages.slice(first + 1);
}

// newest returns when the newest of the messages was said, in milliseconds.
function newest(messages) {
  return Date.parse(messages.at(-1)?.at ?? 0);
}
