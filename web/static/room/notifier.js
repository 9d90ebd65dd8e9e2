// The Notifier tells the reader of messages for them that they have not seen: with a notification of the
// desktop or a sound, as far as they have allowed that. Of many messages it tells the last ones: in each
// conversation at most one a second, and a sound at most every three seconds. All tabs share the choice.

import { Item } from "../net/item.js";
import { now, since } from "../net/clock.js";
import { t } from "../i18n/i18n.js";

const kinds = ["desktop", "sound"];
const delay = 1_000; // in milliseconds; another tab may show the message
const silence = 3_000; // between two sounds, in milliseconds
const maxText = 200; // characters

export class Notifier {
  #item;
  #isSeen;
  #onClick;
  #play;
  #last = new Map(); // conversation → the last message of which the reader is told soon
  /** @type {import("../net/clock.js").Moment | null} */
  #playedAt = null;

  // isSeen(conversation, event) reports whether the reader has seen a message by now. onClick(conversation) is
  // called when they choose a notification.
  constructor(key, { isSeen, onClick, storage = () => localStorage, playSound = play }) {
    this.#item = new Item(key, storage);
    this.#isSeen = isSeen;
    this.#onClick = onClick;
    this.#play = playSound;
  }

  // isOn reports whether a kind is on: "desktop" or "sound".
  isOn(kind) {
    if (kind === "desktop" && globalThis.Notification?.permission !== "granted") return false;
    return this.#load().includes(kind);
  }

  // set turns a kind on or off. It resolves to whether it is on: the browser may not permit notifications.
  async set(kind, on) {
    if (on && kind === "desktop" && (await globalThis.Notification?.requestPermission()) !== "granted") return false;
    const others = this.#load().filter((k) => k !== kind);
    this.#item.keep(JSON.stringify(on ? [...others, kind] : others));
    return this.isOn(kind);
  }

  // tell tells the reader of a message in a conversation, unless they see it soon.
  /** @param {import("./conversations.js").Conversation} conversation @param {{id?: number, from: string, text: string}} event */
  tell(conversation, event) {
    const isDue = this.#last.has(conversation);
    this.#last.set(conversation, event);
    if (isDue) return;
    setTimeout(() => {
      const last = this.#last.get(conversation);
      this.#last.delete(conversation);
      if (this.#isSeen(conversation, last)) return;
      if (this.isOn("desktop")) this.#show(conversation, last);
      if (!this.isOn("sound") || (this.#playedAt && since(this.#playedAt) < silence)) return;
      this.#playedAt = now();
      this.#play();
    }, delay);
  }

  #show(conversation, { from, text }) {
    const title = conversation.kind === "room" ? t("fromIn", { name: from, room: conversation.label }) : from;
    try {
      // Of the notifications with one tag, from all tabs, the browser shows the last one.
      const shown = new Notification(title, { body: text.slice(0, maxText), icon: "favicon.svg", tag: `partyline ${conversation.key}` });
      shown.onclick = () => {
        focus();
        this.#onClick(conversation);
        shown.close();
      };
    } catch {} // some browsers on phones allow them to service workers only
  }

  #load() {
    const chosen = this.#item.list() ?? [];
    return kinds.filter((kind) => chosen.includes(kind));
  }
}

/** @type {AudioContext | null} */
let audio = null; // browsers limit the number of contexts

// play plays two short tones.
function play() {
  audio ??= new AudioContext();
  audio.resume();
  const start = audio.currentTime;
  const gain = audio.createGain();
  gain.connect(audio.destination);
  gain.gain.setValueAtTime(0.1, start);
  gain.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
  const tone = audio.createOscillator();
  tone.frequency.setValueAtTime(660, start);
  tone.frequency.setValueAtTime(880, start + 0.12);
  tone.connect(gain);
  tone.start();
  tone.stop(start + 0.4);
}
