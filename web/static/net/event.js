// An event is what the server sends. This module owns the check of all of it: the rest of the page gets
// only events whose fields have the types of docs/protocol.md.

import { bounded } from "./backoff.js";
import { errorText, t } from "../i18n/i18n.js";

/**
 * Event is any event. The checks below define its fields.
 *
 * @typedef {{[T in keyof typeof events]: EventOf<T>}[keyof typeof events]} Event
 */

/**
 * EventOf is the event of a type, or one of several types.
 *
 * @template {keyof typeof events} T
 * @typedef {T extends unknown ? Checked<typeof events[T]> & {type: T} : never} EventOf
 */

/** @typedef {EventOf<"message" | "action">} Said */

/**
 * Checked is the type of the values that pass a check.
 *
 * @template {(v: any) => any} C
 * @typedef {Exclude<ReturnType<C>, undefined>} Checked
 */

/**
 * Fields is the type of an object whose fields pass these checks.
 *
 * @template {Record<string, (v: any) => any>} F
 * @typedef {{[N in keyof F as N extends `${string}?` ? never : N]: Checked<F[N]>}
 *   & {[N in keyof F as N extends `${infer M}?` ? M : never]?: Checked<F[N]>}} Fields
 */

// parse returns the event of a frame, or null if it has none that the page knows. It leaves out fields
// that the page does not know, optional fields that are invalid, and invalid items of lists. In place of
// an answer that is invalid it returns an error. Messages are in the reader's language if it knows their codes.
/** @param {string} frame @returns {Event | null} */
export function parse(frame) {
  let value;
  try {
    value = JSON.parse(frame);
  } catch {
    return null;
  }
  const event = typed(value, types);
  if (event) return event.message === undefined ? event : { ...event, message: errorText(event.code, event.message) };
  const ref = isObject(value) ? string(value.ref) : undefined;
  return ref === undefined ? null : { type: "error", ref, code: "bad_answer", message: t("badAnswer") };
}

// typed returns an event of one of the expected types, or undefined if v is none.
/** @returns {any} */
export function typed(v, expected) {
  if (!isObject(v) || !expected.includes(v.type)) return undefined;
  const fields = events[v.type](v);
  return fields && { ...fields, type: v.type };
}

// A check returns the value of a field, or undefined if the value is invalid.

const isObject = (v) => typeof v === "object" && v !== null && !Array.isArray(v);
const string = (v) => (typeof v === "string" ? v : undefined);
const boolean = (v) => (typeof v === "boolean" ? v : undefined);
/** @returns {number | undefined} */
const number = (v) => (Number.isSafeInteger(v) && v >= 0 ? v : undefined); // a count or an id
const time = (v) => (typeof v === "string" && !Number.isNaN(Date.parse(v)) ? v : undefined);
/** @template T @param {(v: any) => T | undefined} check @returns {(v: any) => T[] | undefined} */
const list = (check) => (v) => Array.isArray(v) ? v.map((item) => check(item)).filter((item) => item !== undefined) : undefined;

// record returns the check of an object with these fields. A name that ends in ? is that of an optional
// field.
/** @template {Record<string, (v: any) => any>} F @param {F} fields @returns {(v: any) => Fields<F> | undefined} */
function record(fields) {
  /** @type {[string, (v: any) => any, boolean][]} */
  const checks = Object.entries(fields).map(([name, check]) => [name.replace("?", ""), check, name.endsWith("?")]);
  return (v) => {
    if (!isObject(v)) return undefined;
    /** @type {any} */
    const checked = {};
    for (const [name, check, optional] of checks) {
      const field = Object.hasOwn(v, name) ? check(v[name]) : undefined;
      if (field !== undefined) checked[name] = field;
      else if (!optional) return undefined;
    }
    return checked;
  };
}

/** @returns {number | undefined} */
const pause = (v) => (Number.isFinite(v) && v >= 0 ? bounded(v) : undefined);

const members = list(record({ nick: string, "via?": string, "idle?": number }));
const said = { "ref?": string, id: number, at: time, "room?": string, from: string, "via?": string, text: string, "stored?": boolean };
const server = record({ "bytes?": number });
/** @type {(v: any) => Said[] | undefined} */
const messages = list((v) => typed(v, ["message", "action"]));

const events = {
  welcome: record({ "ref?": string, room: string, nick: string, "token?": string, "resumed?": boolean, members, count: number, "last?": number, "server?": server }),
  message: record(said),
  action: record(said),
  private: record({ at: time, from: string, to: string, text: string }),
  join: record({ at: time, nick: string, "via?": string }),
  leave: record({ at: time, nick: string, "text?": string }),
  nick: record({ at: time, nick: string, to: string }),
  presence: record({ at: time, arrived: number, left: number, count: number }),
  ack: record({ "ref?": string, "key?": string, "id?": number }),
  error: record({ "ref?": string, "key?": string, code: string, message: string }),
  notice: record({ "ref?": string, "key?": string, "id?": number, "code?": string, message: string }),
  history: record({ "ref?": string, messages, "more?": boolean }),
  search: record({ "ref?": string, messages, "more?": boolean }),
  who: record({ "ref?": string, members, count: number }),
  rooms: record({ "ref?": string, rooms: list(record({ room: string, count: number })) }),
  gap: record({ after: number, "before?": number, "missed?": number, "lost?": boolean }),
  ping: record({}),
  bye: record({ "reason?": string, "reconnect?": boolean, "after_ms?": pause }),
};

const types = Object.keys(events);
