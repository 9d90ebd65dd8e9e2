// The Conversations are the rooms that the page is in and the private conversations of the reader. One of them
// is shown. There is always a room.

import { privateKey } from "./key.js";
import { t } from "../i18n/i18n.js";

const maxRooms = 16; // the server has at most 32 connections under one name
const maxPrivate = 50; // conversations that others may open

export class Conversations {
  #all = [];
  #shown = null;
  #place;
  #newRoom;
  #newPrivate;
  #onShow;
  #onChange;

  // place is the element of the document in whose place the logs are. newRoom(name) and newPrivate(nick) make a
  // conversation. onShow(conversation) is called when another one is shown, onChange when the list has changed.
  constructor({ place, newRoom, newPrivate, onShow, onChange }) {
    this.#place = place;
    this.#newRoom = newRoom;
    this.#newPrivate = newPrivate;
    this.#onShow = onShow;
    this.#onChange = onChange;
  }

  get all() {
    return this.#all;
  }

  get rooms() {
    return this.#all.filter(({ kind }) => kind === "room");
  }

  get shown() {
    return this.#shown;
  }

  // connection is that of the room that is shown. While a private conversation is shown, it is that of a room
  // that is connected, if there is one.
  get connection() {
    if (this.#shown?.kind === "room") return this.#shown.connection;
    const connections = this.rooms.map(({ connection }) => connection);
    return connections.find(({ state }) => state === "open") ?? connections[0];
  }

  // find returns the conversation with a key, or undefined.
  find(key) {
    return this.#all.find((c) => c.key === key);
  }

  // room returns the room with a name, and begins to connect to it if it was not open.
  room(name) {
    const open = this.find(name);
    if (open) return open;
    if (this.rooms.length >= maxRooms) throw new Error(t("tooManyRooms", { n: maxRooms }));
    const room = this.#add(this.#newRoom(name));
    room.connection.connect();
    return room;
  }

  // hasSpaceFor reports whether a private conversation with a person is open or may be opened by that person.
  hasSpaceFor(nick) {
    return this.find(privateKey(nick)) !== undefined || this.#all.length - this.rooms.length < maxPrivate;
  }

  // restore opens rooms and private conversations that were saved, {room} or {person} each, without connecting.
  restore(saved) {
    for (const { room, person } of saved) {
      if (person) this.private(person);
      else if (this.rooms.length < maxRooms && !this.find(room)) this.#add(this.#newRoom(room));
    }
  }

  // private returns the private conversation with a person.
  private(nick) {
    return this.find(privateKey(nick)) ?? this.#add(this.#newPrivate(nick));
  }

  show(conversation) {
    if (conversation === this.#shown) return;
    this.#shown?.lookAway();
    this.#shown?.log.hide();
    this.#shown = conversation;
    this.#place = conversation.log.show(this.#place);
    if (conversation.unread.count > 0) conversation.log.startAtMark();
    this.#onShow(conversation);
    this.look();
    this.#onChange();
  }

  // canClose reports whether a conversation may be closed.
  canClose({ kind }) {
    return kind !== "room" || this.rooms.length > 1;
  }

  // before returns the conversation in the list before another one, or the one after the first.
  before(conversation) {
    return this.#all[Math.abs(this.#all.indexOf(conversation) - 1)];
  }

  // close removes a conversation. If it was shown, the one before it is shown.
  close(conversation) {
    if (conversation === this.#shown) this.show(this.before(conversation));
    this.#all = this.#all.filter((c) => c !== conversation);
    this.#onChange();
  }

  // rename changes the name of the person in a private conversation.
  rename(nick, to) {
    const conversation = this.find(privateKey(nick));
    if (!conversation || this.find(privateKey(to))) return;
    conversation.rename(to);
    this.#onChange();
    if (conversation === this.#shown) this.#onShow(conversation);
  }

  // isLookedAt reports whether the reader sees what arrives in a conversation.
  isLookedAt(conversation) {
    return conversation === this.#shown && !document.hidden;
  }

  // look records that the reader sees the conversation that is shown.
  look() {
    if (this.isLookedAt(this.#shown)) this.#shown.look();
  }

  #add(conversation) {
    this.#all.push(conversation);
    this.#onChange();
    return conversation;
  }
}
