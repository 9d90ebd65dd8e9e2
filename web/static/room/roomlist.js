// A RoomList asks the server for the rooms that have members.

import { now, since } from "../net/clock.js";

const lifetime = 5_000; // of an answer, in milliseconds

export class RoomList {
  known = []; // [{room, count}] of the last answer

  #connection;
  #askedAt = null; // a moment of clock.js
  #answer = null; // a promise, until there is an answer

  // connection() returns the connection over which to ask.
  constructor(connection) {
    this.#connection = connection;
  }

  // load asks for the rooms, unless it has done so in the last few seconds or there is no connection. It returns
  // a promise that resolves when known has the answer, or null if nothing is asked.
  load() {
    if (this.#connection().state !== "open") return null;
    if (this.#askedAt && since(this.#askedAt) < lifetime) return this.#answer;
    this.#askedAt = now();
    this.#answer = this.#ask().finally(() => (this.#answer = null));
    return this.#answer;
  }

  async #ask() {
    try {
      const { rooms } = await this.#connection().request({ type: "rooms" });
      this.known = rooms;
    } catch {} // the server refuses, or the connection is lost
  }
}
