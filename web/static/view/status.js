// The Status shows the state of the connection in words. If there is none, it says why and when the page
// connects again, above the log, so that nothing else moves. It owns the button that connects at once.

export class Status {
  #elements;
  #wait;
  #timer = 0;

  // elements has the elements status, trouble, why, countdown and reconnect. wait() returns the time until the next
  // attempt to connect, in milliseconds.
  constructor(elements, wait) {
    this.#elements = elements;
    this.#wait = wait;
  }

  // show shows a state of the connection. reason is a word of the server's bye, a message, or undefined.
  show(state, reason) {
    const { status, trouble, why, reconnect } = this.#elements;
    document.body.dataset.state = status.dataset.state = state;
    status.textContent = words[state];
    const explain = explanations[state];
    if (explain) why.textContent = explain(reason);
    trouble.hidden = !explain;
    reconnect.textContent = reason === "resumed" ? "Continue here" : state === "waiting" ? "Reconnect now" : "Reconnect";
    clearInterval(this.#timer);
    this.#count();
    if (state === "waiting") this.#timer = setInterval(() => this.#count(), 500);
  }

  // count shows the seconds that are left. A screen reader does not read them out.
  #count() {
    const { status, countdown } = this.#elements;
    const seconds = Math.ceil(this.#wait() / 1000);
    countdown.textContent = status.dataset.state === "waiting" && seconds > 0 ? `in ${seconds} s` : "";
  }
}

const words = {
  connecting: "Connecting…",
  open: "Connected",
  waiting: "Not connected",
  closed: "Not connected",
};

const explanations = {
  waiting: (reason) => {
    if (reason === "shutdown") return "The server is restarting, reconnecting";
    if (reason === undefined || !reason.includes(" ")) return navigator.onLine ? "Connection lost, reconnecting" : "No network, reconnecting";
    return `${reason[0].toUpperCase()}${reason.slice(1)}. Trying again`;
  },
  closed: (reason) => (reason === "resumed" ? "This chat continues in another tab" : `Disconnected (${reason})`),
};
