// Tabs lets the pages of one server that are open in this browser ask each other for their names.

import { fold } from "./name.js";

const patience = 500; // in milliseconds

export class Tabs {
  #channel;
  #questions = new Map(); // number → resolve
  #count = 0;

  // name() returns the name of this page. The channel has the name of the server's path.
  constructor(channelName, name) {
    this.#channel = new BroadcastChannel(channelName);
    this.#channel.onmessage = ({ data }) => {
      const { type, number, nick } = data ?? {};
      if (type === "is" && typeof nick === "string" && fold(nick) === fold(name())) this.#channel.postMessage({ type: "yes", number });
      if (type === "yes") this.#questions.get(number)?.(true);
    };
  }

  // has resolves to whether another tab has a name.
  has(nick) {
    const number = `${Math.random()} ${++this.#count}`;
    return new Promise((resolve) => {
      this.#questions.set(number, resolve);
      setTimeout(() => resolve(false), patience);
      this.#channel.postMessage({ type: "is", number, nick });
    }).finally(() => this.#questions.delete(number));
  }
}
