// The Status shows the state of the connection in words. If there is none, it says why and when the page
// connects again, above the log, so that nothing else moves. It owns the button that connects at once.

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
    reconnect.textContent = reason === "resumed" ? "Continue here" : state === "waiting" ? "Reconnect now" : "Reconnect";
    clearInterval(this.#timer);
    this.#count();
    if (state === "waiting") this.#timer = setInterval(() => this.#count(), 500);
  }

  // count shows the seconds that are left. A screen reader does not read them out.
  #count() {
    const { status, countdown } = this.#elements;
    const seconds = Math.ceil(this.#connection.wait / 1000);
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
