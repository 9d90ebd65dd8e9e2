// The main module creates the parts of the page and connects them: the server's events go
// to the room, and the reader's actions become requests.

import { bareRoom, help } from "./room/command.js";
import { Composer } from "./view/composer.js";
import { Connection, ConnectionDown } from "./net/connection.js";
import { Drafts } from "./room/drafts.js";
import { entryFor } from "./view/entries.js";
import { Field } from "./view/field.js";
import { Log } from "./view/log.js";
import { Nick } from "./room/nick.js";
import { Outbox } from "./net/outbox.js";
import { OutboxStore } from "./net/outboxstore.js";
import { Pending } from "./view/pending.js";
import { Room } from "./room/room.js";
import { Roster } from "./room/roster.js";
import { explain } from "./net/refusal.js";
import { Search } from "./view/search.js";
import { Status } from "./view/status.js";
import { Title } from "./room/title.js";
import { Token } from "./net/token.js";

const $ = (id) => document.getElementById(id);

const firstRoom = bareRoom(new URLSearchParams(location.search).get("room") ?? "").toLowerCase() || "lobby";

const path = new URL(".", document.baseURI).pathname; // an origin may have several servers

const connection = new Connection({ address: address(), explain: () => explain(new URL("ws", document.baseURI)), resume, onEvent, onState });
const status = new Status(
  { status: $("status"), trouble: $("trouble"), why: $("why"), countdown: $("countdown"), reconnect: $("reconnect") },
  () => connection.wait,
);
const token = new Token(`partyline.token ${path}`);
const composer = new Composer($("say-form"), { room: firstRoom, drafts: new Drafts(`partyline.draft ${path} `), send });
const nick = new Nick({ connection, form: $("nick-form"), onChange: () => composer.focus() });
const roomField = new Field($("room-form"), join);
const title = new Title(firstRoom);
const log = new Log({
  box: $("log"),
  button: $("to-end"),
  announcer: $("announcer"),
  entry: entryFor,
  older: (events) => room.older(events),
  cut: (removed) => room.cut(removed),
});
const roster = new Roster({ list: $("members"), count: $("count"), others: $("others") }, (name) => nick.isOwn({ from: name }));
const pending = new Pending({ retry, discard });
const search = new Search({
  form: $("search-form"),
  panel: $("results"),
  request: (request) => connection.request(request),
  reveal: (id) => reveal(id),
  focusComposer: () => composer.focus(),
});
const store = new OutboxStore(`partyline.outbox ${path}`);
const outbox = new Outbox({
  connection,
  store,
  takeBack: (typed, why) => composer.takeBack(typed, why),
  has: (id) => room.newest !== null && id <= room.newest,
  onChange: () => room.showPending(),
});
const room = new Room(firstRoom, { connection, nick, outbox, log, roster, pending, search, title, onHistory: revealLinked });

// The connection.

function address() {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

function resume() {
  return {
    token: token.value,
    nick: nick.name || undefined,
    room: room.name,
    since: room.newest ?? undefined,
  };
}

function onEvent(event) {
  const { type, code } = event;
  if (type === "error" && code.startsWith("nick_")) return nick.refused(event);
  if (type === "error" && code.startsWith("room_")) return roomField.refuse(event.message);
  if (type === "nick") nick.renamed(event);
  if (type === "welcome") {
    if (event.token) token.set(event.token);
    nick.set(event.nick);
    roomField.show(event.room);
    composer.setRoom(event.room);
  }
  room.receive(event);
}

function onState(state, reason) {
  status.show(state, reason);
  if (state === "open") composer.connected();
  else outbox.dropSaid();
}

// The reader's actions.

// send sends what the reader typed into the composer. It returns false if that needs a
// connection and there is none.
function send(request, typed) {
  if (request.type === "say" || request.type === "me") {
    search.uncover();
    room.say(request, typed);
    return true;
  }
  if (connection.state !== "open" && request.type !== "help") return false;
  run(request).catch((err) => takeBack(typed, err));
  return true;
}

async function run(request) {
  switch (request.type) {
    case "nick":
      return nick.change(request.nick);
    case "join":
      return join(request.room);
    case "msg":
      return connection.request(request);
    case "search":
      return search.open(request.words);
    case "who": {
      const { members, count } = await connection.request(request);
      const others = count > members.length ? ` and ${count - members.length} more` : "";
      return tell(`${count} here: ${members.map(({ nick }) => nick).join(", ")}${others}`);
    }
    case "rooms": {
      const { rooms } = await connection.request(request);
      return tell(rooms.map(({ room, count }) => `#${room}  ${count} here`).join("\n"));
    }
    case "history":
      return log.pageUp();
    case "help":
      return tell(help);
    case "quit":
      return connection.request(request).catch(() => {}); // the connection ends
  }
}

function tell(message) {
  log.add({ type: "told", message });
}

function takeBack(typed, err) {
  const why = err instanceof ConnectionDown ? "Perhaps not sent: the connection was lost" : `Not sent: ${err.message}`;
  if (!composer.takeBack(typed, why)) log.add({ type: "error", message: `${why}\n${typed}` });
}

// join enters a room. What the reader writes from now on is for that room, though the server has not
// answered yet.
async function join(typed) {
  composer.setRoom(bareRoom(typed).toLowerCase());
  try {
    await room.join(typed);
  } catch (err) {
    composer.returnTo(room.name);
    throw err;
  }
  composer.focus();
}

// reveal shows a message in context, such as that of a link.
function reveal(id) {
  room.reveal(id).catch((err) => log.add({ type: "error", message: `The message can't be shown: ${err.message}` }));
}

// revealLinked shows the message that the address names.
function revealLinked() {
  const [, id] = /^#m(\d{1,15})$/.exec(location.hash) ?? [];
  if (id) reveal(Number(id));
}

addEventListener("hashchange", revealLinked);

// retry and discard move the focus first, because the button that has it disappears.

function retry(item) {
  composer.focus();
  outbox.retry(item);
}

function discard(item) {
  composer.focus();
  outbox.discard(item);
}

$("reconnect").addEventListener("click", () => {
  connection.connect();
  composer.focus();
});

// The browser's events.

addEventListener("online", () => connection.renew());
addEventListener("offline", () => connection.check());
document.addEventListener("visibilitychange", () => {
  keepToken();
  if (document.hidden) return;
  title.clearUnread();
  log.wake();
  connection.wake();
});

// A browser may keep a page in its back/forward cache, together with an open connection.
addEventListener("pagehide", () => {
  token.store();
  connection.suspend();
});
addEventListener("pageshow", () => {
  keepToken();
  connection.wake();
});

function keepToken() {
  token.take();
  if (document.hidden) token.store();
}

addEventListener("beforeunload", (e) => {
  if (!store.complete) e.preventDefault(); // or the rest of the outbox is lost
});

// The member list is open on a wide screen.
const wide = matchMedia("(min-width: 48rem)");
const setPeopleOpen = () => ($("people").open = wide.matches);
wide.addEventListener("change", setPeopleOpen);
setPeopleOpen();

roomField.show(room.name);
search.setRoom(room.name);
room.showPending();
keepToken();
connection.connect();
