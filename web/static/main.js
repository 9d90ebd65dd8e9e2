// The main module creates the parts of the page and connects them: the server's events go
// to the room, and the reader's actions become requests.

import { Announcer } from "./view/announcer.js";
import { read, roomName, write } from "./room/address.js";
import { Composer, disconnected } from "./view/composer.js";
import { Connection, ConnectionDown } from "./net/connection.js";
import { ConversationList } from "./view/conversationlist.js";
import { Conversations } from "./room/conversations.js";
import { DateForm } from "./view/dateform.js";
import { Drafts } from "./room/drafts.js";
import { explain } from "./net/refusal.js";
import { Field } from "./view/field.js";
import { fill } from "./i18n/fill.js";
import { help } from "./room/command.js";
import { Log } from "./view/log.js";
import { Muted } from "./room/muted.js";
import { Nick } from "./room/nick.js";
import { Notifier } from "./room/notifier.js";
import { Offer } from "./view/offer.js";
import { OpenList } from "./room/openlist.js";
import { Options } from "./view/options.js";
import { Outbox } from "./net/outbox.js";
import { OutboxStore } from "./net/outboxstore.js";
import { Pending } from "./view/pending.js";
import { Private } from "./room/private.js";
import { PrivateStore } from "./room/privatestore.js";
import { Reads } from "./room/reads.js";
import { refresh } from "./view/times.js";
import { Room } from "./room/room.js";
import { RoomList } from "./room/roomlist.js";
import { Roster } from "./room/roster.js";
import { Saved } from "./room/saved.js";
import { Search } from "./view/search.js";
import { Status } from "./view/status.js";
import { useLanguageChoice } from "./view/languagechoice.js";
import { useShortcuts } from "./view/shortcuts.js";
import { Tabs } from "./room/tabs.js";
import { t } from "./i18n/i18n.js";
import { takeQuery } from "./room/query.js";
import { Title } from "./room/title.js";
import { TabText } from "./net/tabtext.js";
import { Turns } from "./net/turns.js";
import { Updates } from "./net/updates.js";

/** @returns {any} */
const $ = (id) => document.getElementById(id);

fill(document);
useLanguageChoice($("language"));

const path = new URL(".", document.baseURI).pathname; // an origin may have several servers
const wanted = takeQuery(location.href);
history.replaceState(null, "", wanted.rest);
const first = read(location);

const status = new Status({ status: $("status"), trouble: $("trouble"), why: $("why"), countdown: $("countdown"), reconnect: $("reconnect") });
const token = new TabText(`partyline.token ${path}`);
const tabName = new TabText(`partyline.name ${path}`);
const turns = new Turns();
const composer = new Composer($("say-form"), {
  room: first.room,
  drafts: new Drafts(`partyline.draft ${path} `),
  names,
  rooms: new RoomList(() => conversations.connection),
  send,
});
const nick = new Nick({ request, form: $("nick-form"), wanted: wanted.nick, tabName, onChange: () => composer.focus() });
const roomField = new Field($("room-form"), join);
const title = new Title(document.querySelector("link[rel=icon]"));
const reads = new Reads(`partyline.read ${path}`);
const announcer = new Announcer($("announcer"));
const search = new Search({
  form: $("search-form"),
  panel: $("results"),
  request,
  reveal: (id) => reveal(id),
  focusComposer: () => composer.focus(),
});
const store = new OutboxStore(`partyline.outbox ${path}`);
const outbox = new Outbox({
  store,
  connectionOf: (name) => conversations.findRoom(name)?.connection,
  takeBack: ({ room, typed }, why) => conversations.shown.key === room && composer.takeBack(typed, why),
  has: (name, id) => id <= (conversations.findRoom(name)?.newest ?? 0),
  onChange: (name) => conversations.findRoom(name)?.showPending(),
});
const privateStore = new PrivateStore(`partyline.private ${path} `);
const saved = new Saved(`partyline.saved ${path} `);
const muted = new Muted(`partyline.muted ${path}`);
const notifier = new Notifier(`partyline.notify ${path}`, {
  isSeen: (conversation, { id }) => isLookedAt(conversation) || conversation.unread.count === 0 || reads.hasStored(conversation.key, id),
  onClick: showAndWrite,
});
const openList = new OpenList(`partyline.open ${path}`);
const conversations = new Conversations({
  place: $("log"),
  newRoom: (name) =>
    new Room(name, {
      connect,
      nick,
      outbox,
      pending: new Pending({ retry, discard }),
      reads,
      saved,
      newLog,
      muted,
      newRoster: () =>
        new Roster(
          { list: $("members"), count: $("count"), others: $("others") },
          { isOwn: (name) => nick.isOwn({ from: name }), onChoose: (name) => showAndWrite(conversations.private(name)) },
        ),
      isLookedAt,
      onUnread,
    }),
  newPrivate: (person) => new Private(person, { request, store: privateStore, muted, newLog, isLookedAt, onUnread }),
  onShow,
  onChange: () => {
    openList.save(conversations.all);
    drawList();
  },
});
const list = new ConversationList({
  list: $("conversations"),
  others: $("other-rooms"),
  request,
  onShow: showAndWrite,
  onClose: (conversation) => {
    close(conversation);
    composer.focus();
  },
  onJoin: (name) => join(name).catch((err) => tellError(err.message)),
});

const tabs = new Tabs(`partyline ${path}`, () => nick.name);
const options = new Options({
  panel: $("options"),
  muted,
  notifier,
  onMute: (conversation) => {
    if (muted.has(conversation.key)) conversation.unread.clear();
    redrawMuted();
  },
});
const updates = new Updates({
  version: document.documentElement.dataset.version,
  register: () => navigator.serviceWorker.register("sw.js", { updateViaCache: "none" }),
  onNewer: (version) => offer.show(version),
});
const offer = new Offer($("offer"), { accept: () => updates.change(), dismiss: () => composer.focus() });

// The conversations.

function showAndWrite(conversation) {
  conversations.show(conversation);
  composer.focus();
}

function newLog({ older, cut }) {
  const log = new Log({
    older,
    cut,
    hides: (event) => muted.hides(event),
    onArrival: (events) => {
      if (!log.hidden) announcer.announce(events);
    },
    onFollow: () => {
      if (!log.hidden) showToEnd(log);
    },
  });
  return log;
}

function isLookedAt(conversation) {
  return conversations.isLookedAt(conversation);
}

// onShow shows what belongs to a conversation around its log. It makes an entry in the browser's history,
// unless the address is that of the conversation.
function onShow(conversation) {
  const isRoom = conversation.kind === "room";
  for (const room of conversations.rooms) if (room !== conversation) room.roster.hide();
  if (isRoom) {
    conversation.roster.show();
    search.setRoom(conversation.name);
  }
  roomField.show(isRoom ? conversation.name : "");
  search.close();
  $("person").textContent = isRoom ? "" : conversation.label;
  options.show(conversation);
  document.body.dataset.conversation = conversation.kind;
  composer.setRoom(conversation.key);
  title.setLabel(conversation.label);
  showToEnd(conversation.log);
  status.show(conversations.connection);
  const address = isRoom ? write(location, conversation.name, "") : write(location, read(location).room, conversation.nick);
  if (address !== location.href) history.pushState(null, "", address);
}

function showToEnd({ following, unseen }) {
  if (following && document.activeElement === $("to-end")) conversations.shown.log.focus(); // a hidden button loses it
  $("to-end").hidden = following;
  $("to-end").textContent = unseen === 0 ? t("toNewest") : t("newMessages", { n: unseen });
}

function drawList() {
  const { all } = conversations;
  const sum = (field) => all.reduce((n, { unread }) => n + unread[field], 0);
  list.draw({ all, shown: conversations.shown, canClose: (c) => conversations.canClose(c), isMuted: (c) => muted.has(c.key) });
  title.setUnread(sum("count"), sum("mentions"));
}

// drawListSoon shows what is unread. A burst of messages is drawn once.
let drawTimer = 0;
function drawListSoon() {
  drawTimer ||= setTimeout(() => {
    drawTimer = 0;
    drawList();
  }, 50);
}

function onUnread(conversation, event) {
  drawListSoon();
  if (event?.mention && !muted.has(conversation.key)) notifier.tell(conversation, event);
}

// redrawMuted shows a change of what is muted.
function redrawMuted() {
  conversations.shown.log.redraw();
  options.draw();
  drawList();
}

function close(conversation) {
  conversations.close(conversation);
  conversation.close();
}

// The connections.

function connect(room) {
  return new Connection({
    address: address(),
    explain: () => explain(new URL("ws", document.baseURI)),
    resume: () => ({
      token: token.value,
      nick: nick.forResume(),
      room: room.name,
      since: room.newest ?? undefined,
      share: token.value !== undefined,
    }),
    turns,
    onEvent: (event) => onEvent(room, event),
    onState: () => onState(room),
  });
}

function address() {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/** @type {import("./net/requests.js").Request} */
function request(request) {
  return conversations.connection.request(request);
}

/** @param {Room} room @param {import("./net/event.js").Event} event */
function onEvent(room, event) {
  const { type } = event;
  if (!conversations.all.includes(room)) return; // the reader has left it
  if (type === "private") return receivePrivate(event);
  if (type === "error" && room.connection.state === "closed") return refused(room, event);
  if (type === "error" && event.code.startsWith("nick_")) return nameRefused(event);
  if (type === "error" && event.code.startsWith("room_")) return roomField.refuse(event.message);
  if (type === "nick") {
    nick.renamed(event);
    conversations.rename(event.nick, event.to);
  }
  if (type === "welcome") {
    if (event.token) token.set(event.token);
    nick.welcome(event);
    composer.setLimits(event.server);
  }
  const { name } = room;
  if (type === "welcome" && event.room !== name) {
    const open = conversations.findRoom(event.room);
    if (open) return openedTwice(room, open);
  }
  room.receive(event);
  if (room.name !== name && room === conversations.shown) onShow(room);
}

// openedTwice handles that the server has put the page into a room that is open already, under a name that the
// page took for another one. The connection of the room that was open has ended.
/** @param {Room} room @param {Room} open */
function openedTwice(room, open) {
  if (room === conversations.shown) conversations.show(open);
  close(room);
  open.connection.connect();
}

// nameRefused handles that the page did not get the name with which it connected.
async function nameRefused(event) {
  const { requested } = nick;
  nick.refused(event);
  if (event.code === "nick_taken" && (await tabs.has(requested))) nick.refused({ message: t("nameInTab", { name: requested }) });
}

function receivePrivate(event) {
  const own = nick.isOwn(event);
  const person = own ? event.to : event.from;
  if (muted.hides({ from: event.from, own })) return;
  if (own || conversations.hasSpaceFor(person)) conversations.private(person).receive(event, own);
  else conversations.shown.log.add(event);
}

// refused handles that the page can't enter a room. If it never was there, it is as if it had not been opened.
function refused(room, { code, message }) {
  room.refuse(new Error(message));
  if (room.newest !== null) return;
  if (code.startsWith("room_") && !conversations.canClose(room) && room.name !== "lobby") conversations.room("lobby");
  if (!conversations.canClose(room)) return;
  composer.returnTo(conversations.before(room).key);
  conversations.close(room);
  roomField.refuse(message);
}

function onState(room) {
  const { connection } = room;
  if (connection === conversations.connection) {
    status.show(connection);
    if (connection.state !== "connecting") updates.check();
  }
  if (connection.state === "waiting") room.showSaved();
  if (connection.state !== "open") return outbox.dropSaid(room.name);
  if (connection === conversations.connection) composer.connected();
  for (const other of conversations.rooms) if (other.connection.state === "waiting") other.connection.wake();
}

// The reader's actions.

// names returns the names that the reader may want to write, the most likely ones first.
function names() {
  const { shown } = conversations;
  return shown.kind === "room" ? shown.roster.names.filter((name) => !nick.isOwn({ from: name })) : [shown.nick];
}

// The commands that need no connection of the room that is shown.
const offline = ["help", "history", "join"];

// send sends what the reader typed into the composer. It returns an error to show if that is not possible now.
function send(request, typed) {
  if (request.type === "say" || request.type === "me") {
    search.uncover();
    const { shown } = conversations;
    if (shown.kind === "room") return shown.say(request, typed);
    if (conversations.connection.state !== "open") return disconnected;
    shown.say(request).catch((err) => takeBack(typed, err));
    return;
  }
  if (conversations.connection.state !== "open" && !offline.includes(request.type)) return disconnected;
  run(request).catch((err) => takeBack(typed, err));
}

async function run(command) {
  switch (command.type) {
    case "nick":
      return nick.change(command.nick);
    case "join":
      return join(command.room);
    case "msg":
      return request(command);
    case "search":
      if (conversations.shown.kind !== "room") throw new Error(t("noPrivateSearch"));
      return search.open(command.words);
    case "who": {
      const { members, count } = await request({ type: "who" });
      const known = { n: count, names: members.map(({ nick }) => nick).join(t("nameComma")) };
      const more = count - members.length;
      return tell(more > 0 ? t("membersAndMore", { ...known, more }) : t("members", known));
    }
    case "rooms": {
      const { rooms } = await request({ type: "rooms" });
      return tell(rooms.map(({ room, count }) => `#${room}  ${t("countHere", { n: count })}`).join("\n"));
    }
    case "history":
      return conversations.shown.log.pageUp();
    case "help":
      return tell(help);
    case "quit": // the connections end
      return conversations.rooms.forEach(({ connection }) => connection.request(command).catch(() => {}));
  }
}

function tell(message) {
  conversations.shown.log.add({ type: "told", message });
}

function tellError(message) {
  conversations.shown.log.add({ type: "error", message });
}

function takeBack(typed, err) {
  const why = err instanceof ConnectionDown ? t("perhapsNotSent") : t("notSent", { why: err.message });
  if (!composer.takeBack(typed, why)) tellError(`${why}\n${typed}`);
}

// join shows a room at once, so that what the reader writes from now on is for that room. It rejects if the
// server refuses the room.
async function join(typed) {
  const name = roomName(typed);
  if (name === "") return;
  const room = conversations.room(name);
  conversations.show(room);
  composer.focus();
  await room.entered;
}

// reveal shows a message in context, such as that of a link.
function reveal(id) {
  const { shown } = conversations;
  if (shown.kind === "room") shown.reveal(id).catch((err) => tellError(t("revealFailed", { why: err.message })));
}

// revealLinked shows the message that the address names.
function revealLinked() {
  const [, id] = /^#m(\d{1,15})$/.exec(location.hash) ?? [];
  if (id) reveal(Number(id));
}

// showAddressed shows the conversation that the address names, and opens it if it is not open.
function showAddressed() {
  const { room, person } = read(location);
  try {
    if (person && conversations.rooms.length === 0) conversations.room(room);
    conversations.show(person ? conversations.private(person) : conversations.room(room));
  } catch (err) {
    tellError(err.message);
  }
}

addEventListener("popstate", showAddressed);
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
  for (const { connection } of conversations.rooms) if (connection.state !== "open") connection.connect();
  composer.focus();
});

$("to-end").addEventListener("click", () => {
  conversations.shown.log.toEnd();
  conversations.shown.log.focus();
});

// A click on the name of a room in a text opens the room.
document.addEventListener("click", (e) => {
  const link = e.target instanceof Element ? e.target.closest("a.room") : null;
  if (!(link instanceof HTMLAnchorElement) || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  e.preventDefault();
  join(read(link.href).room).catch((err) => tellError(err.message));
});

useShortcuts({
  sheet: $("shortcuts"),
  opener: $("show-shortcuts"),
  act: {
    before: () => step(-1, () => true),
    after: () => step(1, () => true),
    unread: () => step(1, ({ unread }) => unread.count > 0),
    room: () => $("room").select(),
    newest: () => conversations.shown.log.toEnd(),
  },
});

const dateForm = new DateForm($("date"), (time) => {
  const { shown } = conversations;
  if (shown.kind === "room") shown.showDay(time).catch((err) => tellError(err.message));
});
document.addEventListener("chooseday", (e) => {
  if (conversations.shown.kind === "room") dateForm.open(/** @type {CustomEvent} */ (e).detail);
});

// step shows the next conversation in a direction that passes a test.
function step(by, test) {
  const { all, shown } = conversations;
  const from = all.indexOf(shown);
  const next = all.map((_, i) => all.at((from + by * (i + 1)) % all.length)).find((c) => c !== shown && test(c));
  if (next) showAndWrite(next);
}

// The browser's events.

const each = (f) => conversations.rooms.forEach(({ connection }) => f(connection));

addEventListener("online", () => each((connection) => connection.renew()));
addEventListener("offline", () => each((connection) => connection.check()));
document.addEventListener("visibilitychange", () => {
  takePlace();
  if (document.hidden) {
    for (const room of conversations.rooms) room.save();
    return conversations.shown.lookAway();
  }
  conversations.look();
  if (refresh()) conversations.shown.log.redraw();
  each((connection) => connection.wake());
});
addEventListener("storage", (e) => {
  if (muted.changed(e)) redrawMuted();
  for (const [name, id] of reads.changed(e)) conversations.findRoom(name)?.seenElsewhere(id);
});

// A browser may keep a page in its back/forward cache, together with an open connection.
addEventListener("pagehide", () => {
  for (const text of [token, tabName]) text.store();
  reads.save();
  for (const room of conversations.rooms) room.save();
  each((connection) => connection.suspend());
});
addEventListener("pageshow", () => {
  takePlace();
  each((connection) => connection.wake());
});

// takePlace takes what the page had before a reload from the storage.
function takePlace() {
  for (const text of [token, tabName]) {
    text.take();
    if (document.hidden) text.store();
  }
}

addEventListener("beforeunload", (e) => {
  if (!store.complete) e.preventDefault(); // or the rest of the outbox is lost
});

// The member list is open on a wide screen.
const wide = matchMedia("(min-width: 48rem)");
const setPeopleOpen = () => ($("people").open = wide.matches);
wide.addEventListener("change", setPeopleOpen);
setPeopleOpen();

takePlace();
conversations.restore(openList.load());
showAddressed();
if (wanted.text) composer.offer(wanted.text);
for (const { connection } of [conversations, ...conversations.rooms]) if (connection.state === "closed") connection.connect();
if (conversations.shown.kind === "room") conversations.shown.onHistory(revealLinked);
