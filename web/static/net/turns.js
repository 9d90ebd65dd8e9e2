// Turns make connections begin one after the other. So each knows the token of those before it, with which it
// gets the same name, although the server may have forgotten that token in the meantime.

export class Turns {
  #current = null;
  #waiting = new Map(); // connection → what to do when it has its turn

  // take calls go when a connection has its turn, at once if no other one has it. The turn lasts until end.
  take(connection, go) {
    if (this.#current === connection) return go();
    this.#waiting.set(connection, go);
    if (this.#current === null) this.#next();
  }

  // end ends the turn of a connection, or its wait for one.
  end(connection) {
    this.#waiting.delete(connection);
    if (this.#current !== connection) return;
    this.#current = null;
    this.#next();
  }

  #next() {
    const [connection, go] = this.#waiting.entries().next().value ?? [];
    if (!go) return;
    this.#waiting.delete(connection);
    this.#current = connection;
    go();
  }
}
