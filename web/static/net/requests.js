// Requests are the requests on one connection that have no answer yet. They own the refs.

import { now, since } from "./clock.js";
import { t } from "../i18n/i18n.js";

// answerTimeout is how long the server may answer nothing while there are questions, in milliseconds. A
// server that slows the page down answers what came before, which counts.
const answerTimeout = 20_000;

// saying are the types of the requests that wait for as long as the connection lasts. The page would not
// know whether the text was said.
const saying = ["say", "me", "msg"];

/** @typedef {import("./event.js").Event} Event */
/**
 * @template {Event["type"]} T
 * @typedef {import("./event.js").EventOf<T>} EventOf
 */

/**
 * Answers has the event that answers each type of request. A message that was said but not stored has a notice.
 *
 * @typedef {{
 *   say: EventOf<"ack" | "notice">,
 *   me: EventOf<"ack" | "notice">,
 *   msg: EventOf<"ack">,
 *   nick: EventOf<"nick">,
 *   history: EventOf<"history">,
 *   since: EventOf<"history">,
 *   search: EventOf<"search">,
 *   who: EventOf<"who">,
 *   rooms: EventOf<"rooms">,
 *   quit: Event,
 * }} Answers
 */

/** @typedef {<T extends keyof Answers>(request: {type: T} & Record<string, unknown>) => Promise<Answers[T]>} Request */

/** @typedef {{resolve: (answer: any) => void, reject: (err: {message: string, code?: string}) => void, length: number, question: boolean}} Unanswered */

export class Requests {
  /** @type {Map<string, Unanswered>} */
  #unanswered = new Map(); // by ref
  #refs = 0;
  #lastAnswer = now(); // or the first request after a time without any
  #timer = 0;

  // add adds a request. It returns the frame to send, and a promise of the answer.
  /** @param {{type: string}} request @returns {{frame: string, answer: Promise<any>}} */
  add(request) {
    if (this.#unanswered.size === 0) this.#lastAnswer = now();
    const ref = `r${++this.#refs}`;
    const frame = JSON.stringify({ ...request, ref });
    const answer = new Promise((resolve, reject) =>
      this.#unanswered.set(ref, { resolve, reject, length: frame.length, question: !saying.includes(request.type) }),
    );
    this.#wait();
    return { frame, answer };
  }

  // settle gives an answer to its request. It returns false if the event is no answer.
  /** @param {{type: string, ref?: string}} event */
  settle(event) {
    const { ref = "" } = event;
    const request = this.#unanswered.get(ref);
    if (!request) return false;
    this.#lastAnswer = now();
    this.#unanswered.delete(ref);
    if (event.type === "error") request.reject(/** @type {EventOf<"error">} */ (event));
    else request.resolve(event);
    return true;
  }

  // rejectLongest rejects the longest request.
  rejectLongest(err) {
    const [ref, longest] = [...this.#unanswered].sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
    if (!longest) return;
    this.#unanswered.delete(ref);
    longest.reject(err);
  }

  // rejectAll rejects all requests with a new err() each.
  rejectAll(err) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const unanswered = [...this.#unanswered.values()];
    this.#unanswered.clear();
    for (const { reject } of unanswered) reject(err());
  }

  // wait rejects the questions once the server has answered nothing for answerTimeout.
  #wait() {
    if (this.#timer) return;
    const left = answerTimeout - since(this.#lastAnswer);
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      const questions = [...this.#unanswered].filter(([, { question }]) => question);
      if (questions.length === 0) return;
      if (since(this.#lastAnswer) < answerTimeout) return this.#wait();
      for (const [ref, { reject }] of questions) {
        this.#unanswered.delete(ref);
        reject(new Error(t("noAnswer")));
      }
    }, left);
  }
}
