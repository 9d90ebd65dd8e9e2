// Completion finds what the reader may mean by the word before the caret: the name of a member, a room, or a
// command.

import { fold } from "./name.js";

const longest = 100; // characters of a word that is completed
const wordBefore = /[\p{L}\p{M}\p{N}_.-]*$/u;
const room = /^\/join[ \t]+#?$/i;
const recipient = /^\/msg[ \t]+$/i;

/** @typedef {{kind: "command" | "room" | "name", start: number, typed: string, marked: boolean, after: string}} Word */

// find returns the word before the caret as {kind, start, typed, marked, after}, or null if there is none to
// complete. kind is "command", "room" or "name". The word starts at start and has the letters typed. It is marked
// if a /, # or @ before it shows its kind. after is what follows a whole word.
/** @param {string} text @param {number} caret @returns {Word | null} */
export function find(text, caret) {
  const from = Math.max(0, caret - longest);
  const [typed = ""] = wordBefore.exec(text.slice(from, caret)) ?? [];
  const start = caret - typed.length;
  if (typed !== "" && start === from && from > 0) return null;
  const before = text.slice(0, start);
  /** @returns {Word} */
  const word = (kind, marked, after = " ") => ({ kind, start, typed, marked, after });
  if (before === "/") return word("command", true);
  if (start <= longest && room.test(before)) return word("room", true);
  if (start <= longest && recipient.test(before)) return word("name", true);
  const mark = before.at(-1) ?? "\n";
  if (mark === "#" || mark === "@") return /[\p{L}\p{N}#@/]/u.test(before.at(-2) ?? " ") ? null : word(mark === "#" ? "room" : "name", true);
  if (typed === "" || mark === "/") return null;
  return word("name", false, mark === "\n" ? ": " : " ");
}

// matching returns the candidates, [{text, about}], that start with what is typed. Their order stays.
/** @param {{text: string, about: string}[]} candidates @param {Word} word */
export function matching(candidates, { typed }) {
  const start = fold(typed);
  return candidates.filter(({ text }) => fold(text).startsWith(start));
}

// replace returns the edit that replaces a word, which ends at the caret, with a whole one: {start, end, insert,
// caret}. What follows a word is not inserted if it is there already, or before punctuation.
/** @param {string} text @param {number} caret @param {Pick<Word, "start" | "after">} word @param {string} whole */
export function replace(text, caret, { start, after }, whole) {
  const rest = text.slice(caret);
  let there = after.length;
  while (!rest.startsWith(after.slice(after.length - there))) there--;
  const closed = there === 0 && /^[\p{P}\p{S}]/u.test(rest);
  const insert = closed ? whole : whole + after.slice(0, after.length - there);
  return { start, end: caret, insert, caret: start + insert.length + there };
}
