// Entries are the elements that the log shows, one for each event. Received text becomes
// text nodes only. Each name is isolated, so that it cannot change the direction of the
// text around it.

export function el(name, className, ...children) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children);
  return e;
}

// fold returns a name in the form in which names are compared. It approximates the server's
// comparison, which decides.
export function fold(nick) {
  return nick.normalize("NFC").toLowerCase();
}

export function bdi(nick) {
  const e = el("bdi", "name", nick);
  e.style.setProperty("--hue", hue(nick));
  return e;
}

function hue(nick) {
  let h = 0;
  for (const c of fold(nick)) h = Math.imul(h ^ c.codePointAt(0), 0x9e3779b1);
  return (h >>> 8) % 360;
}

// entryFor returns the element for an event. me is the reader's own name.
export function entryFor(event, me) {
  return make[event.type](event, me);
}

const make = {
  message: (e, me) => spoken(e, me, [bdi(e.from)], text(e.text)),
  action: (e, me) => spoken(e, me, [], text(bdi(e.from), " ", e.text)),
  private: (e, me) => {
    const author = fold(e.from) === fold(me) ? ["you → ", bdi(e.to)] : [bdi(e.from), " → you"];
    return spoken(e, me, author, text(e.text));
  },
  join: (e) => presence(e, bdi(e.nick), " has arrived"),
  leave: (e) => presence(e, bdi(e.nick), " has left", ...(e.text ? [" (", el("bdi", "", e.text), ")"] : [])),
  nick: (e) => presence(e, bdi(e.nick), " is now known as ", bdi(e.to)),
  presence: (e) => presence(e, `${e.arrived} arrived, ${e.left} left (${e.count} here)`),
  notice: (e) => plain("notice", e.message),
  error: (e) => plain("error", e.message),
};

// spoken returns the entry of a message or an action. The log groups consecutive messages
// of one author.
function spoken(e, me, author, body) {
  const own = fold(e.from) === fold(me);
  const entry = el("div", `entry ${e.type}${own ? " own" : ""}`, el("p", "author", ...author), time(e.at), body);
  entry.style.setProperty("--hue", hue(e.from));
  Object.assign(entry.dataset, { kind: e.type, from: e.from, at: e.at });
  if (e.to) entry.dataset.to = e.to;
  if (e.id !== undefined) entry.dataset.id = e.id;
  if (e.stored === false) entry.append(badge("unstored", "not stored", "The room received it, but the history does not have it"));
  return entry;
}

// badge returns a label for the right-hand side of a message.
export function badge(kind, word, title) {
  const e = el("span", `badge ${kind}`, word);
  e.title = title;
  return e;
}

export function text(...children) {
  const p = el("p", "text", ...children);
  p.dir = "auto";
  return p;
}

function presence(e, ...children) {
  const entry = plain(e.type, ...children);
  entry.append(time(e.at));
  return entry;
}

export function plain(kind, ...children) {
  const entry = el("div", `entry ${kind}`, el("p", "text", ...children));
  entry.dataset.kind = kind;
  return entry;
}

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const dateTimeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export function time(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const e = el("time", "", (today ? timeFormat : dateTimeFormat).format(date));
  e.dateTime = at;
  e.title = fullFormat.format(date);
  return e;
}

// gap returns the entry for messages that the reader missed. show(after, before) requests the
// messages between two ids and resolves to {entries, last, more}: the elements, the id of
// the last one, and whether there are more; before is undefined if no message follows the
// gap.
export function gap({ after, missed, lost }, show) {
  const label = el("span");
  const entry = plain("gap", label);
  const update = () => {
    const count = missed === 1 ? "1 message missed" : `${missed} messages missed`;
    label.textContent = lost ? `${count}, and history no longer has them` : count;
    if (missed === undefined) label.textContent = "Messages may be missing here";
  };
  update();
  if (lost) return entry;

  const button = el("button", "secondary", "Show");
  button.type = "button";
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const { entries, last, more } = await show(after, nextId(entry));
      entry.before(...entries);
      after = last;
      missed -= entries.length;
      lost = !more;
      if (lost) button.remove();
      if (missed > 0) update();
      else entry.remove();
    } catch (err) {
      label.textContent = `Could not load them: ${err.message}`;
    }
    button.disabled = false;
  });
  entry.append(button);
  return entry;
}

// nextId returns the id of the first message after an entry, if there is one.
function nextId(entry) {
  let next = entry.nextElementSibling;
  while (next && !next.dataset.id) next = next.nextElementSibling;
  return next ? Number(next.dataset.id) : undefined;
}
