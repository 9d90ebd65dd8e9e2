// A Connection is the WebSocket connection to the server. It detects a dead link, and
// reconnects by itself unless the server forbids it. Its first request is a resume, with which
// the page takes its place in the server again, or enters as a new member.
//
// States: "connecting", "open" (after the answer to the resume), "waiting" (to reconnect),
// "closed" (does not reconnect).
//
// After a WebSocket that was refused, it asks the server why, since the browser does not tell.

import { pause } from "./backoff.js";
import { now, since } from "./clock.js";
import { parse } from "./event.js";
import { Requests } from "./requests.js";
import { Turns } from "./turns.js";
import { t } from "../i18n/i18n.js";

/** @typedef {import("./clock.js").Moment} Moment */
/** @typedef {import("./event.js").Event} Event */

const subprotocol = "partyline.json.v1";
const resumeRef = "resume"; // no other request has it
const maxField = 200; // characters of a name or a token; a resume that is too long would never connect
const connectTimeout = 20_000;
const silenceTimeout = 35_000; // the server sends something at least every 25 s
const checkTimeout = 5_000; // for the answer to a question that checks the connection
const messageTooBig = 1009; // RFC 6455 section 7.4.1
const stableAfter = 10_000; // a connection open this long resets the backoff
const strayTime = 60_000; // in which the server may get a resume over a lost connection

export class ConnectionDown extends Error {
  constructor() {
    super(t("connectionDown"));
  }
}

export class Connection {
  /** @type {"connecting" | "open" | "waiting" | "closed"} */
  state = "closed";
  /** @type {string | undefined} */
  reason; // of the state, if the server gave one: a word of its bye, or a message

  #address;
  #explain;
  #resume;
  #turns;
  #onEvent;
  #onState;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {WebSocket | null} */
  #oldSocket = null; // the last one; closed when the next one has resumed, or there will be none
  #timer = 0; // checks for silence while there is a socket; reconnects while there is none
  #checkTimer = 0;
  #dueAt = 0; // when the timer reconnects, after lostAt, in milliseconds
  #lastReceived = now();
  #openedAt = now();
  #lostAt = now();
  /** @type {Moment | null} */
  #resumedAt = null; // while the resume of the socket has no answer
  /** @type {Moment[]} */
  #strays = []; // when resumes were sent whose socket was lost before the answer
  #attempt = 0;
  #minPause = 0; // in milliseconds, requested by the server in its bye
  #requests = new Requests();

  // explain() resolves to {message, after}, why the server refuses a WebSocket and for how long, in
  // milliseconds, or to null. resume() returns the fields of the resume for each attempt to connect; one
  // that is too long is left out. Each attempt waits for its turn. onState is called when state or reason
  // have changed. If the server refuses the resume, onEvent is called with the error after that.
  /**
   * @param {{
   *   address: string | URL,
   *   explain: () => Promise<{message: string, after: number} | null>,
   *   resume: () => Record<string, string | number | boolean | undefined>,
   *   turns?: Turns,
   *   onEvent: (event: Event) => void,
   *   onState: () => void,
   * }} options
   */
  constructor({ address, explain, resume, turns = new Turns(), onEvent, onState }) {
    this.#address = address;
    this.#explain = explain;
    this.#resume = resume;
    this.#turns = turns;
    this.#onEvent = onEvent;
    this.#onState = onState;
  }

  connect() {
    this.#dropSocket();
    this.#setState("connecting");
    this.#turns.take(this, () => this.#open());
  }

  #open() {
    this.#lastReceived = now();
    this.#checkSilence();
    const socket = new WebSocket(this.#address, subprotocol);
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#resumedAt = now();
      const fields = Object.entries(this.#resume()).filter(([, value]) => !(typeof value === "string" && value.length > maxField));
      socket.send(JSON.stringify({ ...Object.fromEntries(fields), type: "resume", ref: resumeRef }));
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => {
      // The server closed the connection because of its size, so it must not be sent again.
      if (code === messageTooBig) this.#requests.rejectLongest({ code: "line_too_long", message: t("itIsTooLong") });
      this.#lost();
      if (!opened) this.#askWhy();
    };
    this.#socket = socket;
  }

  // wait returns the time until the next attempt to connect, in milliseconds.
  get wait() {
    if (this.state !== "waiting") return 0;
    return Math.max(0, this.#dueAt - since(this.#lostAt));
  }

  // check finds out soon whether the connection is dead. It is called when that is likely.
  check() {
    if (this.state !== "open" || this.#checkTimer) return;
    const before = this.#lastReceived;
    this.request({ type: "who" }).catch(() => {});
    this.#checkTimer = setTimeout(() => {
      this.#checkTimer = 0;
      if (this.state === "open" && this.#lastReceived === before) this.#lost();
    }, checkTimeout);
  }

  // wake connects at once if the connection is waiting or seems dead. It is called when
  // connecting is likely to work again.
  wake() {
    if (this.state === "waiting" && since(this.#lostAt) >= this.#minPause) this.connect();
    else if (this.#socket && this.#silence() >= silenceTimeout) this.connect();
    else this.check();
  }

  // renew connects at once, even if there is a connection. It is called when the network has
  // changed, after which a connection may be dead and look alive.
  renew() {
    if (this.#socket) this.connect();
    else this.wake();
  }

  // end closes the connection for good, without a word to the server.
  end() {
    this.#close();
  }

  // suspend closes the connection until wake is called.
  suspend() {
    if (!this.#socket && this.state !== "connecting") return;
    this.#dropSocket();
    this.#closeOldSocket();
    this.#lostAt = now();
    this.#minPause = this.#dueAt = 0;
    this.#setState("waiting");
  }

  // request sends a request and resolves to its answer. It rejects with the server's error
  // event, with an error if a question gets no answer in time, or with ConnectionDown, after which
  // the server may or may not have received the request.
  /** @type {import("./requests.js").Request} */
  request(request) {
    if (this.state !== "open") return Promise.reject(new ConnectionDown());
    const { frame, answer } = this.#requests.add(request);
    this.#socket?.send(frame);
    return answer;
  }

  /** @param {string} data */
  #receive(data) {
    this.#lastReceived = now();
    const event = parse(data);
    if (!event) return;
    if (event.type === "bye") return this.#lost(this.#endedByStray(event) ? {} : event);
    if (this.state !== "open") return this.#enter(event);
    if (this.#requests.settle(event) && event.type !== "welcome") return;
    this.#onEvent(event);
  }

  // enter handles an event before the connection is open. Until the server has answered the
  // resume, the page is a guest in the lobby, and the reader sees nothing of that. The answer has
  // no ref for onEvent, because the page has not requested another room.
  /** @param {any} received */
  #enter({ ref, ...event }) {
    if (ref !== resumeRef) return;
    this.#resumedAt = null;
    if (event.type === "error") {
      this.#close(event.message);
      return this.#onEvent(event);
    }
    this.#closeOldSocket();
    this.#openedAt = now();
    this.#setState("open");
    this.#onEvent(event);
  }

  // endedByStray reports whether a bye is the result of a resume of this page that the server
  // got late, over a lost connection. Each such resume counts once, so that two tabs do not
  // fight for a token.
  /** @param {import("./event.js").EventOf<"bye">} bye */
  #endedByStray({ reason }) {
    if (reason !== "resumed") return false;
    this.#strays = this.#strays.filter((moment) => since(moment) < strayTime);
    return this.#strays.shift() !== undefined;
  }

  /** @param {Partial<import("./event.js").EventOf<"bye">>} bye */
  #lost(bye = {}) {
    if (this.state === "open" && since(this.#openedAt) >= stableAfter) this.#attempt = 0;
    if (bye.reconnect === false) return this.#close(bye.reason);
    this.#dropSocket();
    this.#lostAt = now();
    this.#connectIn(bye.after_ms ?? 0, pause(this.#attempt++), bye.reason);
  }

  // connectIn connects again after a time that the server asked for, and a random pause.
  #connectIn(minPause, random, reason) {
    clearTimeout(this.#timer);
    this.#minPause = minPause;
    this.#dueAt = minPause + random;
    this.#timer = setTimeout(() => this.connect(), this.#dueAt);
    this.#setState("waiting", reason);
  }

  // askWhy asks why the server refused a WebSocket, and waits for as long as it says.
  async #askWhy() {
    const lostAt = this.#lostAt;
    const why = await this.#explain();
    if (!why || this.state !== "waiting" || lostAt !== this.#lostAt) return;
    this.#connectIn(why.after, this.#dueAt, why.message); // so far, dueAt is a random pause
  }

  /** @param {string} [reason] */
  #close(reason) {
    this.#dropSocket();
    this.#closeOldSocket();
    this.#setState("closed", reason);
  }

  // dropSocket detaches the socket, whose events no longer count, and does not close it: the server
  // would take that for the member's leave, before the next socket resumes.
  #dropSocket() {
    clearTimeout(this.#timer);
    clearTimeout(this.#checkTimer);
    this.#checkTimer = 0;
    if (this.#socket) {
      this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
      this.#closeOldSocket();
      this.#oldSocket = this.#socket;
      this.#socket = null;
    }
    if (this.#resumedAt) this.#strays.push(this.#resumedAt);
    this.#resumedAt = null;
    this.#requests.rejectAll(() => new ConnectionDown());
  }

  #closeOldSocket() {
    this.#oldSocket?.close();
    this.#oldSocket = null;
  }

  #checkSilence() {
    const left = (this.state === "open" ? silenceTimeout : connectTimeout) - this.#silence();
    if (left <= 0) this.#lost();
    else this.#timer = setTimeout(() => this.#checkSilence(), left);
  }

  #silence() {
    return since(this.#lastReceived);
  }

  /** @param {Connection["state"]} state @param {string} [reason] */
  #setState(state, reason) {
    this.state = state;
    this.reason = reason;
    if (state !== "connecting") this.#turns.end(this);
    this.#onState();
  }
}
