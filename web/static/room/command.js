// The slash commands of the page. In JSON a command is a request of its own type, so the
// page parses them, and sends nothing that does not parse.

import { t } from "../i18n/i18n.js";

// What to write after each command.
const after = {
  me: t("argAction"),
  msg: t("argRecipient"),
  nick: t("argName"),
  join: t("argRoom"),
  who: "",
  rooms: "",
  search: t("argWords"),
  history: "",
  help: "",
  quit: "",
};

// commands are the commands, {text, about}: the name, and what to write after it.
export const commands = Object.entries(after).map(([text, about]) => ({ text, about }));

const usage = (name) => `/${name} ${after[name]}`.trim();

// help lists the commands.
export const help = [...Object.keys(after).map(usage), t("escaped")].join("\n");

// A command has the form that it has in the text format: /, a letter, then letters, digits,
// _ or -, and white space or the end of the line. Paths and comments are not commands.
const command = /^\/([A-Za-z][A-Za-z0-9_-]*)(?:[ \t\n](.*))?$/s;

// parse returns {request} to send, {error} to show, or null if the input is blank.
export function parse(input) {
  if (input.trim() === "") return null;
  const found = command.exec(input);
  if (!found) {
    const escaped = input.startsWith("//") && command.test(input.slice(1));
    return say(escaped ? input.slice(1) : input);
  }
  const [, word, rest = ""] = found;
  const name = word.toLowerCase();
  const request = Object.hasOwn(after, name) ? build[name](rest.trim()) : undefined;
  if (request) return { request };
  if (request === null) return { error: t("write", { usage: usage(name) }) };
  const known = Object.keys(after).map((n) => `/${n}`).join(t("nameComma"));
  return { error: t("noCommand", { word, known }) };
}

// escape returns what is typed to say a text: parse does not take it for a command.
export function escape(text) {
  return command.test(text) ? `/${text}` : text;
}

const say = (text) => ({ request: { type: "say", text } });

// Each function takes the trimmed rest of the input and returns null if something is missing.
const build = {
  me: (text) => (text ? { type: "me", text } : null),
  msg: (rest) => {
    const [, to, text] = /^(\S+)\s+(.+)$/s.exec(rest) ?? [];
    return text ? { type: "msg", to, text } : null;
  },
  nick: (nick) => (nick ? { type: "nick", nick } : null),
  join: (rest) => {
    const room = bareRoom(rest);
    return room ? { type: "join", room } : null;
  },
  search: (words) => (words ? { type: "search", words } : null),
  who: () => ({ type: "who" }),
  rooms: () => ({ type: "rooms" }),
  history: () => ({ type: "history" }),
  help: () => ({ type: "help" }),
  quit: (text) => (text ? { type: "quit", text } : { type: "quit" }),
};

// bareRoom returns the name of a room without the # that people write before it.
export function bareRoom(name) {
  return name.trim().replace(/^#/, "");
}
