// The Notifier tells the reader of messages for them that they have not seen: with a notification of the
// desktop or a sound, as far as they have allowed that. All tabs share the choice.

import { t } from "../i18n/i18n.js";

const kinds = ["desktop", "sound"];
const delay = 1_000; // in milliseconds; another tab may show the message
const maxText = 200; // characters

export class Notifier {
  #key;
  #isSeen;
  #onClick;
  #storage;

  // isSeen(conversation, event) reports whether the reader has seen a message by now. onClick(conversation) is
  // called when they choose a notification. storage() may throw, as localStorage does if the browser denies
  // storage.
  constructor(key, { isSeen, onClick, storage = () => localStorage }) {
    this.#key = key;
    this.#isSeen = isSeen;
    this.#onClick = onClick;
    this.#storage = storage;
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
    try {
      this.#storage().setItem(this.#key, JSON.stringify(on ? [...others, kind] : others));
    } catch {}
    return this.isOn(kind);
  }

  // tell tells the reader of a message in a conversation, unless they see it soon.
  tell(conversation, event) {
    setTimeout(() => {
      if (this.#isSeen(conversation, event)) return;
      if (this.isOn("desktop")) this.#show(conversation, event);
      if (this.isOn("sound")) play();
    }, delay);
  }

  #show(conversation, { id, at, from, text }) {
    const title = conversation.kind === "room" ? t("fromIn", { name: from, room: conversation.label }) : from;
    try {
      // Of several tabs that show a notification with one tag, the browser shows one.
      const shown = new Notification(title, { body: text.slice(0, maxText), icon: "favicon.svg", tag: `partyline ${conversation.key} ${id ?? at}` });
      shown.onclick = () => {
        focus();
        this.#onClick(conversation);
        shown.close();
      };
    } catch {} // some browsers on phones allow them to service workers only
  }

  #load() {
    try {
      const chosen = JSON.parse(this.#storage().getItem(this.#key));
      return kinds.filter((kind) => chosen.includes(kind));
    } catch {
      return [];
    }
  }
}

// play plays two short tones.
function play() {
  const context = new AudioContext();
  const gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.setValueAtTime(0.1, context.currentTime);
  gain.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.4);
  const tone = context.createOscillator();
  tone.frequency.setValueAtTime(660, context.currentTime);
  tone.frequency.setValueAtTime(880, context.currentTime + 0.12);
  tone.connect(gain);
  tone.onended = () => context.close();
  tone.start();
  tone.stop(context.currentTime + 0.4);
}
