// Markup is what the page shows of a text besides its characters: links, rooms such as #ops, `code`, blocks between lines of
// ```, **bold**, *italics*, and quotes in lines that start with >. Everything else stays as it is. This
// module finds it; it takes time in proportion to the text, whatever that contains.

import { spaceless } from "../room/script.js";

const maxDepth = 3; // of bold in italics and the like

// parse returns the nodes of a text: {type, text} for "text", "code" and "block", {type, href, text} for
// "link", {type, room, text} for "room", and {type, nodes} for "strong", "em" and "quote".
export function parse(text) {
  const nodes = [];
  let lines = [];
  const all = text.split("\n");
  const flush = () => {
    addQuotes(nodes, lines);
    lines = [];
  };
  for (let i = 0; i < all.length; i++) {
    const end = /^```[\w+-]*$/.test(all[i]) ? all.indexOf("```", i + 1) : -1;
    if (end < 0) {
      lines.push(all[i]);
      continue;
    }
    flush();
    nodes.push({ type: "block", text: all.slice(i + 1, end).join("\n") });
    i = end;
  }
  flush();
  return nodes;
}

// addQuotes adds the nodes of lines without blocks.
function addQuotes(nodes, lines) {
  for (let i = 0; i < lines.length; ) {
    const quoted = isQuote(lines[i]);
    let end = i;
    while (end < lines.length && isQuote(lines[end]) === quoted) end++;
    const part = lines.slice(i, end);
    if (quoted) nodes.push({ type: "quote", nodes: inline(part.map((l) => l.slice(2)).join("\n"), 0) });
    else for (const node of inline(part.join("\n"), 0)) nodes.push(node);
    i = end;
  }
}

const isQuote = (line) => line.startsWith("> ") && line.length > 2;

const marks = { "`": "code", "**": "strong", "*": "em" };
const roomName = /\p{L}[\p{L}\p{M}\p{N}_-]{0,63}/uy;
const linkStart = /(?:https?:\/\/|mailto:)[^\s<>"`。，、；：！？（）《》「」『』【】]+/iy;

// inline returns the nodes of a text that has no blocks.
function inline(text, depth) {
  const nodes = [];
  const none = new Set(); // marks that nothing ends from here on
  let plain = 0; // where the text starts that has no node yet
  const push = (i, node, next) => {
    if (i > plain) nodes.push({ type: "text", text: text.slice(plain, i) });
    nodes.push(node);
    plain = next;
  };
  for (let i = 0; i < text.length; ) {
    const link = isWordStart(text, i) ? linkAt(text, i) : roomAt(text, i);
    if (link) {
      push(i, link, i + link.length);
      i = plain;
      continue;
    }
    const mark = runAt(text, i);
    const type = marks[mark];
    if (!type) {
      i += Math.max(1, mark.length);
      continue;
    }
    const end = none.has(mark) ? -1 : endOf(text, i, mark);
    if (end < 0) {
      if (end === -2) none.add(mark);
      i += mark.length;
      continue;
    }
    const inner = text.slice(i + mark.length, end);
    const node = type === "code" ? { type, text: inner } : { type, nodes: depth < maxDepth ? inline(inner, depth + 1) : [{ type: "text", text: inner }] };
    push(i, node, end + mark.length);
    i = plain;
  }
  if (plain < text.length) nodes.push({ type: "text", text: text.slice(plain) });
  return nodes;
}

const wordCharacter = new RegExp(`(?!${spaceless})[\\p{L}\\p{N}_]`, "u");
const isWord = (c) => c !== undefined && wordCharacter.test(c);
const isWordStart = (text, i) => !isWord(text[i - 1]) && isWord(text[i]);
const isSpace = (c) => c === undefined || /\s/.test(c);

// runAt returns the run of * or of ` that starts at i, or "".
function runAt(text, i) {
  const c = text[i];
  let end = i;
  if (c === "*" || c === "`") while (text[end] === c) end++;
  return text.slice(i, end);
}

// endOf returns where the mark ends that starts at i: -1 if it starts nothing, and -2 if nothing ends it, nor
// any later one. A mark ends in its line. Those of bold and italics start at the start of a word and end at
// the end of one.
function endOf(text, i, mark) {
  const start = i + mark.length;
  const words = mark !== "`";
  if (words && (isWord(text[i - 1]) || isSpace(text[start]))) return -1;
  let end = text.indexOf(mark, start);
  for (let run; end >= 0; end = text.indexOf(mark, end + run.length)) {
    run = runAt(text, end);
    if (run === mark) break;
  }
  if (end < 0) return -2;
  if (words && (isSpace(text[end - 1]) || isWord(text[end + mark.length]))) return -1;
  return text.slice(start, end).includes("\n") ? -1 : end;
}

// linkAt returns the link at i, with the length of its text, or null.
function linkAt(text, i) {
  linkStart.lastIndex = i;
  const found = linkStart.exec(text)?.[0];
  if (!found) return null;
  const typed = withoutPunctuation(found);
  let url;
  try {
    url = new URL(typed);
  } catch {
    return null;
  }
  if (!["http:", "https:", "mailto:"].includes(url.protocol)) return null;
  if (url.protocol !== "mailto:" && (url.hostname === "" || url.username !== "" || url.password !== "")) return null;
  // A host in other letters may look like a known one, so it is shown as it is in the DNS.
  const host = /^https?:\/\/([^/?#:]*)/i.exec(typed)?.[1] ?? "";
  const shown = /^[\x21-\x7e]*$/.test(host) ? typed : typed.replace(host, () => url.hostname);
  return { type: "link", href: url.href, text: shown, length: typed.length };
}

// roomAt returns the link to a room that starts with # at i, with the length of its text, or null. A number after
// a # is that of something else.
function roomAt(text, i) {
  if (text[i] !== "#" || isWord(text[i - 1])) return null;
  roomName.lastIndex = i + 1;
  const name = roomName.exec(text)?.[0];
  return name ? { type: "room", room: name, text: `#${name}`, length: name.length + 1 } : null;
}

const closing = { ")": "(", "]": "[", "}": "{" };

// withoutPunctuation returns a link without what ends the sentence around it, and without a bracket that it
// does not open.
function withoutPunctuation(link) {
  const extra = {}; // closing bracket → how many of them the link does not open
  for (const [close, open] of Object.entries(closing)) extra[close] = count(link, close) - count(link, open);
  for (let end = link.length; ; end--) {
    const last = link[end - 1];
    if (extra[last] > 0) extra[last]--;
    else if (!".,;:!?'*_".includes(last)) return link.slice(0, end);
  }
}

const count = (text, c) => text.split(c).length - 1;
