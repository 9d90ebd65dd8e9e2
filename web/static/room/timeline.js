// A Timeline puts the events of one room in order: it drops duplicates, and it holds live
// events back until the history before them is known.
//
// The ids of a room only increase, so the newest id identifies all duplicates.

/** @typedef {import("../net/event.js").Event} Event */
/** @typedef {import("../net/event.js").Said} Said */

export class Timeline {
  // The newest id, from which the page resumes; null until the history is known.
  /** @type {number | null} */
  newest = null;

  /** @type {Event[] | null} */
  #held = null; // events since hold

  // hold holds events back until release or abandon.
  hold() {
    this.#held = [];
  }

  get holding() {
    return this.#held !== null;
  }

  // add returns the events to show now: the given one, or none.
  /** @param {Event} event @returns {Event[]} */
  add(event) {
    if (this.#held) {
      this.#held.push(event);
      return [];
    }
    return this.#isNew(event) ? [event] : [];
  }

  // release ends a hold and returns the events to show: the history, then the events since
  // hold. last is the newest id of the room at the time of hold.
  /** @param {Event[]} history @param {number | undefined} last */
  release(history, last) {
    const events = [...history, ...(this.#held ?? [])];
    this.#held = null;
    const shown = events.filter((e) => this.#isNew(e));
    this.newest = Math.max(this.newest ?? 0, last ?? 0);
    return shown;
  }

  // abandon ends a hold without a history. It drops the events since hold: they are in the
  // history that the page requests on its next connection.
  abandon() {
    this.#held = null;
  }

  // skipTo continues at an id, which may be below the newest one if the server has lost
  // its history. No message before that id follows.
  /** @param {number} next */
  skipTo(next) {
    this.newest = next - 1;
  }

  /** @param {Event} event */
  #isNew(event) {
    const id = "id" in event ? event.id : undefined;
    if (id === undefined) return true;
    if (this.newest !== null && id <= this.newest) return false;
    this.newest = id;
    return true;
  }
}

// between returns the messages whose ids lie strictly between two ids.
/** @param {Said[]} messages @param {number} after @param {number} before */
export function between(messages, after, before) {
  return messages.filter(({ id }) => id > after && id < before);
}
