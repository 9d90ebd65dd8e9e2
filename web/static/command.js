// The slash commands of the input line. The wire has none in JSON: they are the page's,
// and what does not parse here is never sent.

const usage = {
  me: "/me ACTION",
  msg: "/msg NAME TEXT",
  nick: "/nick NAME",
  join: "/join ROOM",
  search: "/search WORDS",
};

// A command is as in the text format: /, a letter, then letters, digits, _ or -, and a blank or
// the end of the line. Paths and comments are not.
const command = /^\/([A-Za-z][A-Za-z0-9_-]*)(?:[ \t\n](.*))?$/s;

// parse returns {request} for the wire, {error} for the person, or null for white space.
export function parse(input) {
  if (input.trim() === "") return null;
  const found = command.exec(input);
  if (!found) {
    const escaped = input.startsWith("//") && command.test(input.slice(1));
    return say(escaped ? input.slice(1) : input);
  }
  const [, word, rest = ""] = found;
  const name = word.toLowerCase();
  const request = Object.hasOwn(usage, name) ? build[name](rest.trim()) : undefined;
  if (request) return { request };
  if (request === null) return { error: `Write ${usage[name]}` };
  const known = Object.keys(usage).map((n) => `/${n}`).join(", ");
  return { error: `There is no /${word}, only ${known}. Write //${word} to say it.` };
}

const say = (text) => ({ request: { type: "say", text } });

// Each is handed the trimmed rest of the line and returns null if it lacks something.
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
};

// bareRoom is a room's name as the wire wants it; people write it with a #.
export function bareRoom(name) {
  return name.trim().replace(/^#/, "");
}
