// A text of several lines that the reader pastes may become one message, several messages, or a block of code.

import { fits } from "./limits.js";

const mostMessages = 64;
const fence = "```";

// pasted returns a pasted text as it is in the box, without the line breaks at its end.
export function pasted(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1).join("\n");
}

// messages returns the lines of a text that can each be a message, or null if they are not several messages that
// the server accepts.
export function messages(text, limit) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const several = lines.length > 1 && lines.length <= mostMessages;
  return several && lines.every((line) => fits(line, limit)) ? lines : null;
}

// block returns a text as a block of code between what is before and after it, or null if it can't be one that
// the server accepts.
export function block(before, text, after, limit) {
  if (text.split("\n").some((line) => line.startsWith(fence))) return null;
  const start = before === "" || before.endsWith("\n") ? "" : "\n";
  const end = after === "" || after.startsWith("\n") ? "" : "\n";
  const code = `${start}${fence}\n${text}\n${fence}${end}`;
  return fits(before + code + after, limit) ? code : null;
}
