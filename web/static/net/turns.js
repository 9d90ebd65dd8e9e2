// Turns make connections begin one after the other. So each knows the token of those before it, with which it
// gets the same name, although the server may have forgotten that token in the meantime.

export class Turns {
  #current = null;
  #waiting = new Map(); // who waits → what to do then

  // take calls go when it is the turn of who, at once if nobody else has it. The turn lasts until end.
  take(who, go) {
    if (this.#current === who) return go();
    this.#waiting.set(who, go);
    if (this.#current === null) this.#next();
  }

  // end ends the turn of who, or its wait for one.
  end(who) {
    this.#waiting.delete(who);
    if (this.#current !== who) return;
    this.#current = null;
    this.#next();
  }

  #next() {
    const [who, go] = this.#waiting.entries().next().value ?? [];
    if (!go) return;
    this.#waiting.delete(who);
    this.#current = who;
    go();
  }
}
