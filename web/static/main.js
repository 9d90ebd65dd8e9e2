// Wires the page together: what the server says to what is shown, and what a person does
// to requests.

import { bareRoom } from "./command.js";
import { Composer } from "./composer.js";
import { entryFor, gap, plain } from "./entries.js";
import { Field } from "./field.js";
import { Line, LineDown } from "./line.js";
import { Log } from "./log.js";
import { Name } from "./name.js";
import { Outbox } from "./outbox.js";
import { Pending } from "./pending.js";
import { Roster } from "./roster.js";
import { Search } from "./search.js";
import { Shelf } from "./shelf.js";
import { Timeline, between } from "./timeline.js";

const $ = (id) => document.getElementById(id);

let room = bareRoom(new URLSearchParams(location.search).get("room") ?? "").toLowerCase() || "lobby";
let timeline = new Timeline();
let newestAtWelcome = 0;
let unread = 0;

const line = new Line({ address, onEvent: (e) => on[e.type]?.(e), onState: showState });
const log = new Log($("log"));
const roster = new Roster({ list: $("members"), count: $("count"), others: $("others") });
const composer = new Composer($("say-form"), send);
const shelf = new Shelf(`partyline.outbox ${new URL(".", document.baseURI).pathname}`);
const outbox = new Outbox({
  line,
  shelf,
  takeBack: (typed, why) => composer.takeBack(typed, why),
  has: (id) => timeline.newest !== null && id <= timeline.newest,
  onChange: () => showPending(),
});
const pending = new Pending({ retry: (item) => settle("retry", item), discard: (item) => settle("discard", item) });
const search = new Search({
  form: $("search-form"),
  panel: $("results"),
  ask: (request) => line.ask(request),
  goHome: () => composer.focus(),
});
const name = new Name({ line, form: $("nick-form"), onChange: () => composer.focus() });
const roomField = new Field($("room-form"), move);

function address() {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("room", room);
  if (name.wanted) url.searchParams.set("nick", name.wanted);
  if (timeline.newest !== null) url.searchParams.set("since", timeline.newest);
  return url;
}

// What the server says.

const on = {
  welcome,
  message: inOrder,
  action: inOrder,
  private: show,
  notice: show,
  join: (e) => {
    roster.join(e);
    inOrder(e);
  },
  leave: (e) => {
    roster.leave(e);
    inOrder(e);
  },
  nick: (e) => {
    roster.rename(e);
    name.heard(e);
    showPending();
    inOrder(e);
  },
  presence: (e) => {
    roster.recount(e.count);
    askWho();
    inOrder(e);
  },
  gap: (e) => {
    // Of what is asked for with Show, the answer says by itself what is lost.
    if (e.missed === 0 || e.after < timeline.newest) return;
    if (e.lost) timeline.jump(e.before ?? newestAtWelcome + 1);
    outbox.over();
    log.add(gap(e, fill));
  },
  error: (e) => {
    if (e.code.startsWith("nick_")) name.refused(e);
    else if (e.code.startsWith("room_")) roomField.refuse(e.message);
    else show(e);
  },
};

function welcome(e) {
  if (e.room !== room) {
    log.leaveRoom();
    search.close();
    timeline = new Timeline();
    outbox.over();
    // Nobody asked to go: there is no room where one was.
    if (e.ref === undefined) outbox.move(room, e.room);
    room = e.room;
  }
  newestAtWelcome = e.last;
  name.take(e.nick);
  roomField.show(room);
  search.in(room);
  roster.set(e.members, e.count);
  showRoom();
  if (timeline.newest === null && !timeline.holding) askPast();
  outbox.enter(room);
}

// askPast has the first events of a room wait for what was said before them.
async function askPast() {
  const entered = timeline;
  const last = newestAtWelcome;
  entered.hold();
  try {
    const { messages } = await line.ask({ type: "history", limit: 50 });
    if (entered !== timeline) return;
    log.addPast(entered.release(messages, last).map((e) => entryFor(e, name.given)));
    outbox.arrived();
  } catch (err) {
    if (err instanceof LineDown) return entered.abandon();
    entered.release([], last).forEach(show);
    outbox.arrived();
    show(err);
  }
}

async function fill(after, before) {
  const { messages, more } = await line.ask({ type: "since", id: after, limit: 500 });
  const inside = between(messages, after, before ?? Infinity);
  const last = inside.at(-1)?.id;
  if (before === undefined && last) timeline.jump(last + 1);
  return { entries: inside.map((e) => entryFor(e, name.given)), last, more: more && last !== undefined };
}

// askWho is for rooms so big that single comings and goings are not told.
let asking = 0;
function askWho() {
  asking ||= setTimeout(async () => {
    asking = 0;
    const asked = room;
    const who = await line.ask({ type: "who" }).catch(() => null);
    if (who && asked === room) roster.set(who.members, who.count);
  }, 3_000);
}

// What is shown.

function inOrder(event) {
  timeline.take(event).forEach(show);
  outbox.arrived();
}

function show(event) {
  log.add(entryFor(event, name.given));
  if (!document.hidden || !event.from) return;
  unread++;
  showRoom();
}

function showPending() {
  log.setPending(pending.draw(outbox.of(room), name.given || name.wanted || "you"));
}

function showRoom() {
  document.title = `${unread ? `(${unread}) ` : ""}#${room} · partyline`;
  const url = new URL(location);
  if ((url.searchParams.get("room") ?? "lobby") === room) return;
  url.searchParams.set("room", room);
  history.replaceState(null, "", url);
}

const stateText = {
  connecting: () => "Connecting…",
  open: () => "On the line",
  waiting: (reason) => (reason === "shutdown" ? "Server restarting, back in a moment…" : "Line down, trying again…"),
  closed: (reason) => `Disconnected (${reason})`,
};

function showState(state, reason) {
  document.body.dataset.state = $("status").dataset.state = state;
  $("status").textContent = stateText[state](reason);
  $("reconnect").hidden = state === "open" || state === "connecting";
  if (state === "connecting") name.rest();
  if (state === "open") composer.lineUp();
  if (state !== "open") outbox.over();
}

// What a person does.

function send(request, typed) {
  if (request.type === "say" || request.type === "me") {
    outbox.say(request, room, typed);
    log.toEnd();
    return true;
  }
  if (line.state !== "open") return false;
  if (request.type === "search") return search.open(request.words);
  const ask = { nick: () => name.change(request.nick), join: () => move(request.room), msg: () => line.ask(request) };
  ask[request.type]().catch((err) => takeBack(typed, err));
  return true;
}

// settle has no focus on a button that goes away.
function settle(how, item) {
  composer.focus();
  outbox[how](item);
}

function takeBack(typed, err) {
  const why = err instanceof LineDown ? "Perhaps not sent: the line went down" : `Not sent: ${err.message}`;
  if (!composer.takeBack(typed, why)) log.add(plain("error", `${why}\n${typed}`));
}

async function move(typed) {
  const to = bareRoom(typed);
  if (to.toLowerCase() !== room) await line.ask({ type: "join", room: to });
  composer.focus();
}

// The world around.

$("reconnect").addEventListener("click", () => {
  line.connect();
  composer.focus();
});
addEventListener("online", () => line.wake());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  showRoom();
  line.wake();
});

// A browser may keep a page that its person has left, with its connection, for when they
// come back.
addEventListener("pagehide", () => line.leave());
addEventListener("pageshow", () => line.wake());

addEventListener("beforeunload", (e) => {
  if (!shelf.whole) e.preventDefault(); // what was typed would be lost
});

const wide = matchMedia("(min-width: 48rem)");
const unfold = () => ($("people").open = wide.matches);
wide.addEventListener("change", unfold);
unfold();

roomField.show(room);
search.in(room);
showPending();
line.connect();
