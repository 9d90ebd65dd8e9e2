// A Line is the connection to the server, kept up: it dials, notices a dead link, and
// comes back by itself unless the server said not to.
//
// States: "connecting", "open" (welcomed), "waiting" (will dial again), "closed" (will not).

import { pause } from "./backoff.js";
import { now, since } from "./clock.js";

const subprotocol = "partyline.json.v1";
const dialLimit = 20_000;
const silenceLimit = 60_000; // the server gives a sign of life every 25 s
const tooLong = 1009; // RFC 6455 section 7.4.1
const steadyAfter = 10_000; // a connection this old starts the pauses afresh

export class LineDown extends Error {
  constructor() {
    super("the line is down");
  }
}

export class Line {
  state = "closed";

  #address;
  #onEvent;
  #onState;
  #socket = null;
  #timer = 0; // of the watch while there is a socket, of the pause while there is none
  #heard; // a moment, as are the next two
  #opened;
  #lost;
  #attempt = 0;
  #rest = 0; // for which the server asked when the link was lost
  #refs = 0;
  #asked = new Map();

  // address() is asked at each dialling; onState gets the state, and a bye's reason.
  constructor({ address, onEvent, onState }) {
    this.#address = address;
    this.#onEvent = onEvent;
    this.#onState = onState;
  }

  connect() {
    this.#hangUp();
    this.#become("connecting");
    this.#heard = now();
    this.#watch();
    const socket = new WebSocket(this.#address(), subprotocol);
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = ({ code }) => {
      if (code === tooLong) this.#refuseLongest();
      this.#lose();
    };
    this.#socket = socket;
  }

  // wake is to be called when there is reason to think that dialling works again.
  wake() {
    if (this.state === "waiting" && since(this.#lost) >= this.#rest) this.connect();
    else if (this.#socket && this.#silence() >= silenceLimit) this.connect();
  }

  // leave ends the connection until wake is called.
  leave() {
    if (!this.#socket) return;
    this.#hangUp();
    this.#lost = now();
    this.#rest = 0;
    this.#become("waiting");
  }

  // ask sends a request and resolves to its answer. It rejects with the server's error
  // event, or with LineDown, and then whether the request was heard is not known.
  ask(request) {
    if (this.state !== "open") return Promise.reject(new LineDown());
    const ref = `r${++this.#refs}`;
    const frame = JSON.stringify({ ...request, ref });
    this.#socket.send(frame);
    return new Promise((resolve, reject) =>
      this.#asked.set(ref, { resolve, reject, length: frame.length }),
    );
  }

  #hear(data) {
    this.#heard = now();
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof event?.type !== "string") return;
    if (event.type === "bye") return this.#lose(event);
    if (event.type === "welcome" && this.state !== "open") {
      this.#opened = now();
      this.#become("open");
    }
    const asker = this.#asked.get(event.ref);
    if (asker) {
      this.#asked.delete(event.ref);
      if (event.type === "error") asker.reject(event);
      else asker.resolve(event);
      if (event.type !== "welcome") return;
    }
    this.#onEvent(event);
  }

  // refuseLongest keeps what the server would not even read from being sent again.
  #refuseLongest() {
    const [ref, asker] = [...this.#asked].sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
    if (!asker) return;
    this.#asked.delete(ref);
    asker.reject({ type: "error", code: "line_too_long", message: "it is too long" });
  }

  #lose(bye = {}) {
    if (this.state === "open" && since(this.#opened) >= steadyAfter) this.#attempt = 0;
    this.#hangUp();
    if (bye.reconnect === false) return this.#become("closed", bye.reason);
    this.#lost = now();
    this.#rest = bye.after_ms ?? 0;
    this.#timer = setTimeout(() => this.connect(), this.#rest + pause(this.#attempt++));
    this.#become("waiting", bye.reason);
  }

  // hangUp leaves no socket that could still speak: closing a dead one takes its time.
  #hangUp() {
    clearTimeout(this.#timer);
    if (this.#socket) {
      this.#socket.onmessage = this.#socket.onclose = null;
      this.#socket.close();
      this.#socket = null;
    }
    const askers = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of askers) reject(new LineDown());
  }

  #watch() {
    const left = (this.state === "open" ? silenceLimit : dialLimit) - this.#silence();
    if (left <= 0) this.#lose();
    else this.#timer = setTimeout(() => this.#watch(), left);
  }

  #silence() {
    return since(this.#heard);
  }

  #become(state, reason) {
    this.state = state;
    this.#onState(state, reason);
  }
}
