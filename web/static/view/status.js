// The Status shows the state of the connection in words. If there is none, it says why and when the page
// connects again, above the log, so that nothing else moves. It owns the button that connects at once.

import { t } from "../i18n/i18n.js";

export class Status {
  #elements;
  #connection;
  #timer = 0;

  // elements has the elements status, trouble, why, countdown and reconnect.
  constructor(elements) {
    this.#elements = elements;
  }

  // show shows the state of a connection.
  show(connection) {
    this.#connection = connection;
    const { state, reason } = connection;
    const { status, trouble, why, reconnect } = this.#elements;
    document.body.dataset.state = status.dataset.state = state;
    status.textContent = words[state];
    const explain = explanations[state];
    if (explain) why.textContent = explain(reason);
    trouble.hidden = !explain;
    reconnect.textContent = reason === "resumed" ? t("continueHere") : state === "waiting" ? t("reconnectNow") : t("reconnect");
    clearInterval(this.#timer);
    this.#count();
    if (state === "waiting") this.#timer = setInterval(() => this.#count(), 500);
  }

  // count shows the seconds that are left. A screen reader does not read them out.
  #count() {
    const { status, countdown } = this.#elements;
    const seconds = Math.ceil(this.#connection.wait / 1000);
    countdown.textContent = status.dataset.state === "waiting" && seconds > 0 ? t("inSeconds", { n: seconds }) : "";
  }
}

const words = {
  connecting: t("connecting"),
  open: t("connected"),
  waiting: t("notConnected"),
  closed: t("notConnected"),
};

// isWord reports whether a reason is a word of a bye. The others are messages.
const isWord = (reason) => /^\w+$/.test(reason);

const byes = new Map([["quit", t("byeQuit")], ["fault", t("byeFault")]]);

const explanations = {
  waiting: (reason) => {
    if (reason === "shutdown") return t("restarting");
    if (reason === undefined || isWord(reason)) return navigator.onLine ? t("lost") : t("noNetwork");
    return t("tryingAgain", { why: `${reason[0].toUpperCase()}${reason.slice(1)}` });
  },
  closed: (reason) => (reason === "resumed" ? t("elsewhere") : t("disconnected", { why: byes.get(reason) ?? reason })),
};
