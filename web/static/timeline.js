// A Timeline decides which events of one room are shown, and when: nothing twice, and
// what was said before one came stands before what is said since.
//
// Ids of a room only grow, so that the newest one had is all there is to remember.

export class Timeline {
  // The newest id had, from which to resume; null until the past is known.
  newest = null;

  #held = null; // what came while the past was being asked for

  // hold keeps events back until release or abandon.
  hold() {
    this.#held = [];
  }

  get holding() {
    return this.#held !== null;
  }

  // take returns those events that are to be shown now: the given one, or none.
  take(event) {
    if (this.#held) {
      this.#held.push(event);
      return [];
    }
    return this.#isNew(event) ? [event] : [];
  }

  // release ends the holding with the answer: the past, and the room's newest id at the
  // time of asking. It returns what is to be shown: the past, then what came meanwhile.
  release(past, last) {
    const events = [...past, ...this.#held];
    this.#held = null;
    const shown = events.filter((e) => this.#isNew(e));
    this.newest = Math.max(this.newest ?? 0, last ?? 0);
    return shown;
  }

  // abandon ends the holding without an answer. What was held is dropped: it is part of
  // the past that the next connection asks for.
  abandon() {
    this.#held = null;
  }

  // jump goes on with an id, whatever the newest one was: what lies before it will not
  // come, or belongs to a past that the server knows nothing of.
  jump(next) {
    this.newest = next - 1;
  }

  #isNew({ id }) {
    if (id === undefined) return true;
    if (this.newest !== null && id <= this.newest) return false;
    this.newest = id;
    return true;
  }
}

// between picks from an answer what lies strictly inside a gap.
export function between(messages, after, before) {
  return messages.filter(({ id }) => id > after && id < before);
}
