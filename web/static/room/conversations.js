// The Conversations are the rooms that the page is in and the private conversations of the reader. One of them
// is shown. There is always a room.

import { privateKey } from "./key.js";
import { t } from "../i18n/i18n.js";

const maxRooms = 16; // the server has at most 32 connections under one name
const maxPrivate = 50; // conversations that others may open

/** @typedef {import("./room.js").Room} Room */
/** @typedef {import("./private.js").Private} Private */
/** @typedef {Room | Private} Conversation */

export class Conversations {
  /** @type {Conversation[]} */
  #all = [];
  /** @type {any} */
  #shown = null; // until the first one is shown
  #place;
  #newRoom;
  #newPrivate;
  #onShow;
  #onChange;

  // place is the element of the document in whose place the logs are. newRoom(name) and newPrivate(nick) make a
  // conversation. onShow(conversation) is called when another one is shown, onChange when the list has changed.
  /**
   * @param {{
   *   place: Element,
   *   newRoom: (name: string) => Room,
   *   newPrivate: (nick: string) => Private,
   *   onShow: (conversation: Conversation) => void,
   *   onChange: () => void,
   * }} options
   */
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
    return this.#all.filter((c) => c.kind === "room");
  }

  /** @returns {Conversation} */
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
  /** @param {string} key */
  find(key) {
    return this.#all.find((c) => c.key === key);
  }

  // findRoom returns the room with a name if it is open, or undefined.
  /** @param {string} name */
  findRoom(name) {
    return this.rooms.find((r) => r.name === name);
  }

  // room returns the room with a name, and begins to connect to it if it was not open.
  /** @param {string} name @returns {Room} */
  room(name) {
    const open = this.findRoom(name);
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
  /** @param {string} nick @returns {Private} */
  private(nick) {
    const open = this.find(privateKey(nick));
    return open?.kind === "private" ? open : this.#add(this.#newPrivate(nick));
  }

  /** @param {Conversation} conversation */
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
  /** @param {Conversation} conversation */
  canClose({ kind }) {
    return kind !== "room" || this.rooms.length > 1;
  }

  // before returns the conversation in the list before another one, or the one after the first.
  /** @param {Conversation} conversation */
  before(conversation) {
    return this.#all[Math.abs(this.#all.indexOf(conversation) - 1)];
  }

  // close removes a conversation. If it was shown, the one before it is shown.
  /** @param {Conversation} conversation */
  close(conversation) {
    if (conversation === this.#shown) this.show(this.before(conversation));
    this.#all = this.#all.filter((c) => c !== conversation);
    this.#onChange();
  }

  // rename changes the name of the person in a private conversation.
  rename(nick, to) {
    const conversation = this.find(privateKey(nick));
    if (conversation?.kind !== "private" || this.find(privateKey(to))) return;
    conversation.rename(to);
    this.#onChange();
    if (conversation === this.#shown) this.#onShow(conversation);
  }

  // isLookedAt reports whether the reader sees what arrives in a conversation.
  /** @param {Conversation} conversation */
  isLookedAt(conversation) {
    return conversation === this.#shown && !document.hidden;
  }

  // look records that the reader sees the conversation that is shown.
  look() {
    if (this.isLookedAt(this.#shown)) this.#shown.look();
  }

  /** @template {Conversation} C @param {C} conversation @returns {C} */
  #add(conversation) {
    this.#all.push(conversation);
    this.#onChange();
    return conversation;
  }
}
