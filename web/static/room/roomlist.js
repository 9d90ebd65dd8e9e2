// A RoomList asks the server for the rooms that have members.

import { now, since } from "../net/clock.js";

const lifetime = 5_000; // of an answer, in milliseconds

export class RoomList {
  /** @type {{room: string, count: number}[]} */
  known = []; // [{room, count}] of the last answer

  #connection;
  /** @type {import("../net/clock.js").Moment | null} */
  #askedAt = null;
  /** @type {Promise<void> | null} */
  #answer = null; // a promise, until there is an answer

  // connection() returns the connection over which to ask.
  /** @param {() => import("../net/connection.js").Connection} connection */
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
