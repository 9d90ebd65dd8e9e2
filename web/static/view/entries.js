// Entries are the elements that the log shows, one for each event.

import { bdi, button, el } from "./element.js";
import { hue } from "../room/name.js";
import { formatted, text } from "./text.js";
import { format, isSameDay } from "./times.js";
import { list, nodes, t } from "../i18n/i18n.js";

// entryFor returns the element of an event that comes after another one, or after none. A hidden event has an
// element without a height, but for the day that it begins.
export function entryFor(event, before, hidden) {
  const entry = bare(event);
  entry.hidden = hidden;
  if (event.at && !(before?.at && isSameDay(before.at, event.at))) return el("div", "", separator("day", dayButton(event.at)), entry);
  if (continues(before, event)) {
    entry.classList.add("continued");
    entry.classList.toggle("same-minute", format(before.at, "dated") === format(event.at, "dated"));
  }
  return entry;
}

// bare returns the element of an event without regard to other events.
export function bare(event) {
  return make[event.type](event);
}

const make = {
  message: (e) => spoken(e, [bdi(e.from), ...door(e)], text(...formatted(e.text))),
  action: (e) => spoken(e, [], text(bdi(e.from), " ", ...formatted(e.text))),
  // A private message that has no conversation of its own.
  private: (e) => spoken(e, nodes("privateToYou", { name: bdi(e.from) }), text(...formatted(e.text))),
  join: (e) => presence(e, ...nodes("hasArrived", { name: bdi(e.nick) })),
  leave: (e) => {
    const name = bdi(e.nick);
    return presence(e, ...(e.text ? nodes("hasLeftSaying", { name, text: el("bdi", "", e.text) }) : nodes("hasLeft", { name })));
  },
  nick: (e) => presence(e, ...nodes("renamed", { name: bdi(e.nick), to: bdi(e.to) })),
  presence: (e) => presence(e, t("presence", { arrived: e.arrived, left: e.left, here: e.count })),
  movements,
  notice: (e) => plain("notice", e.message),
  told: (e) => plain("told", e.message),
  error: (e) => plain("error", e.message),
  gap,
  unseen: () => separator("unseen", t("unseen")),
};

const groupTime = 5 * 60_000; // the name is shown once for an author's messages within it

// continues reports whether an event needs no name because its author is that of the event before.
function continues(before, { type, from, at }) {
  if (!before || !from || type === "action") return false;
  const same = before.type === type && before.from === from;
  return same && Date.parse(at) - Date.parse(before.at) < groupTime;
}

function separator(kind, label) {
  return el("p", kind, el("span", "", label));
}

// dayButton returns the name of a day, which opens the choice of another one.
function dayButton(at) {
  const e = button(format(at, "day"), "choose-day", () => e.dispatchEvent(new CustomEvent("chooseday", { bubbles: true, detail: at })));
  e.title = t("otherDay");
  return e;
}

// spoken returns the entry of a message or an action.
function spoken(e, author, body) {
  const entry = el("div", `entry ${e.type}${e.own ? " own" : ""}${e.mention ? " mention" : ""}`, el("p", "author", ...author), moment(e), body);
  entry.style.setProperty("--hue", hue(e.from));
  Object.assign(entry.dataset, { kind: e.type, from: e.from });
  if (e.id !== undefined) entry.dataset.id = e.id;
  if (isLong(e.text) && !e.unfolded) foldLong(entry, e);
  if (e.stored === false) entry.append(badge("unstored", t("notStored"), t("notStoredAbout")));
  return entry;
}

const foldedLines = 15;
const foldedLength = 1_500; // characters

function isLong(text) {
  return text.length > foldedLength || text.split("\n", foldedLines + 1).length > foldedLines;
}

// foldLong shows the start of a long message, and a button for the rest. The event remembers that it was
// unfolded.
function foldLong(entry, event) {
  entry.classList.add("folded");
  const unfold = button(t("showAll"), "unfold secondary", () => {
    event.unfolded = true;
    entry.classList.remove("folded");
    unfold.remove();
  });
  entry.append(unfold);
}

// moment returns the time of a message, which is a link to the message if it has an id.
function moment({ id, at }) {
  const shown = time(at, "short");
  if (id === undefined) return shown;
  const link = el("a", "permalink", shown);
  link.href = `#m${id}`;
  return link;
}

// badge returns a label for the right-hand side of a message.
export function badge(kind, word, title) {
  const e = el("span", `badge ${kind}`, word);
  e.title = title;
  return e;
}

// door returns a mark for a message from a terminal; other messages have none.
function door({ via }) {
  if (via !== "tcp") return [];
  const mark = el("span", "door", "›_");
  mark.title = t("terminal");
  mark.role = "img";
  mark.ariaLabel = mark.title;
  return [" ", mark];
}

function presence(e, ...children) {
  const entry = plain(e.type, ...children);
  entry.append(time(e.at, "short"));
  return entry;
}

// movements returns the entry of several joins and leaves: one line, which a click expands to all of
// them.
function movements({ events }) {
  if (events.length === 1) return bare(events[0]);
  const summary = el("summary", "", el("p", "text", ...summarize(events)), time(events.at(-1).at, "short"));
  return el("div", "movements", el("details", "", summary, ...events.map(bare)));
}

// summarize returns the text for several joins and leaves.
function summarize(events) {
  const parts = [];
  const names = new Map(events.filter(({ type }) => type === "nick").map(({ nick, to }) => [nick, to]));
  const nicksOf = (type) => [...new Set(events.filter((e) => e.type === type).map(({ nick }) => names.get(nick) ?? nick))];
  const [joined, left] = ["join", "leave"].map(nicksOf);
  if (joined.length > 0) parts.push(nodes("someArrived", { names: some(joined) }));
  if (left.length > 0) parts.push(nodes("someLeft", { names: some(left) }));
  const counts = events.filter((e) => e.type === "presence");
  if (counts.length > 0) {
    const sum = (field) => counts.reduce((n, e) => n + e[field], 0);
    parts.push(nodes("manyMoved", { arrived: sum("arrived"), left: sum("left") }));
  }
  return parts.flatMap((part, i) => (i > 0 ? [t("comma"), ...part] : part));
}

// some returns one or two names, and the number of the others.
function some(nicks) {
  if (nicks.length <= 2) return list(nicks.map(bdi));
  return list([bdi(nicks[0]), t("others", { n: nicks.length - 1 })]);
}

export function plain(kind, ...children) {
  const entry = el("div", `entry ${kind}`, el("p", "text", ...children));
  entry.dataset.kind = kind;
  return entry;
}

export function time(at, style) {
  const e = el("time", "", format(at, style));
  e.dateTime = at;
  e.title = format(at, "exact");
  return e;
}

// gap returns the entry of messages that the reader missed. If fill is set, a button calls it: it shows
// them in place of the gap, or rejects.
function gap({ missed, lost, skipped, fill }) {
  const unknown = skipped ? t("skipped") : t("maybeMissed");
  const known = lost ? t("missedLost", { n: missed }) : t("missed", { n: missed });
  const label = el("span", "", missed === undefined ? unknown : known);
  const entry = plain("gap", label);
  if (!fill) return entry;
  const show = button(t("show"), "secondary", async () => {
    show.disabled = true;
    try {
      await fill();
    } catch (err) {
      label.textContent = t("gapFailed", { why: err.message });
      show.disabled = false;
    }
  });
  entry.append(show);
  return entry;
}
