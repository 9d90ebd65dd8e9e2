// The Composer is the box in which the reader writes. It never loses text: it keeps what
// cannot be sent, and takes back what the server refused. Each room has a draft of its own.

import { escape, parse } from "../room/command.js";
import { CompletionList } from "./completion.js";
import { Counter } from "./counter.js";
import { PasteQuestion } from "./paste.js";
import { Recall } from "../room/recall.js";
import { measure, textLimit } from "../room/limits.js";
import { t } from "../i18n/i18n.js";

// The error about a missing connection.
export const disconnected = t("notSentOffline");

// Enter breaks the line on a touch screen, whose keyboard has no other key for that. The button sends there.
const touch = matchMedia("(pointer: coarse)");

export class Composer {
  #box;
  #error;
  #drafts;
  #room;
  #send;
  #completion;
  #question;
  #counter;
  #limit = textLimit(); // bytes of a text
  #recall = new Recall();

  // names() returns the names of members, and rooms is a RoomList. send(request, typed) accepts the text, or
  // returns an error to show.
  constructor(form, { room, drafts, names, rooms, send }) {
    this.#room = room;
    this.#drafts = drafts;
    this.#send = send;
    const [box, error, button, list, panel, left, status] = [
      "textarea", ".refusal", ":scope > button", "[role=listbox]", ".question", ".left", "[role=status]",
    ].map((s) => form.querySelector(s));
    this.#box = box;
    this.#error = error;
    const announce = (words) => (status.textContent = words);
    this.#completion = new CompletionList(box, list, { names, rooms });
    this.#question = new PasteQuestion(box, panel, { say: (lines) => this.#sayAll(lines), announce, limit: () => this.#limit });
    this.#counter = new Counter(left, announce);

    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const typed = box.value;
      const { request, error = "" } = parse(typed) ?? {};
      const { why } = measure(request ? textOf(request) : "", this.#limit);
      this.#showError(why === "" ? error : t("notSent", { why }));
      if (request && why === "") this.#sendAll([{ request, typed }]);
    });
    button.addEventListener("mousedown", (e) => {
      if (document.activeElement === box) e.preventDefault(); // or the keyboard of a touch screen closes
    });
    box.addEventListener("keydown", (e) => {
      if (this.#question.key(e) || this.#completion.key(e)) return;
      if (e.key === "ArrowUp" || e.key === "ArrowDown") return this.#step(e);
      if (!isSend(e)) return;
      e.preventDefault();
      form.requestSubmit();
    });
    box.addEventListener("input", () => {
      this.#showError("");
      this.#keep();
    });
    const setEnterKey = () => (box.enterKeyHint = touch.matches ? "enter" : "send");
    touch.addEventListener("change", setEnterKey);
    setEnterKey();
    this.#setText(drafts.get(room));
  }

  // setLimits takes the limits on a text from the facts about the server in a welcome.
  setLimits(server) {
    this.#limit = textLimit(server);
    this.#count();
  }

  // setRoom shows the draft of a room in place of the one of the room before.
  setRoom(room) {
    if (room === this.#room) return;
    this.#room = room;
    this.#setText(this.#drafts.get(room));
    this.#showError("");
  }

  // returnTo shows the draft of the room before, which the reader could not leave. If it has none, the text
  // in the box becomes its draft.
  returnTo(room) {
    const text = this.#box.value;
    const keep = text !== "" && this.#drafts.get(room) === "";
    if (keep) this.#setText("");
    this.setRoom(room);
    if (keep) this.#setText(text);
  }

  // takeBack puts a text back into the box and shows an error. If the box is not empty, it
  // returns false and does nothing.
  takeBack(typed, why) {
    if (this.#box.value.trim() !== "") return false;
    this.#setText(typed);
    this.#showError(why);
    return true;
  }

  // offer puts a text into the box unless there is one.
  offer(text) {
    if (this.#box.value.trim() === "") this.#setText(text);
  }

  // connected removes the error about a missing connection.
  connected() {
    if (this.#error.textContent === disconnected) this.#showError("");
  }

  focus() {
    this.#box.focus();
  }

  // sendAll sends requests. What can't be sent now stays in the box.
  #sendAll(requests) {
    this.#setText(""); // first, because a command may show another room
    const unsent = [];
    let error;
    for (const { request, typed } of requests) {
      const why = this.#send(request, typed);
      if (why) {
        unsent.push(typed);
        error = why;
      } else this.#recall.add(typed);
    }
    if (unsent.length === 0) return;
    this.#setText(unsent.join("\n"));
    this.#showError(error);
  }

  // sayAll says each line as it is, also if it starts like a command.
  #sayAll(lines) {
    this.#sendAll(lines.map((text) => ({ request: { type: "say", text }, typed: escape(text) })));
  }

  #showError(why) {
    this.#error.textContent = why;
  }

  #setText(text) {
    this.#completion.close();
    this.#question.close();
    this.#box.value = text;
    this.#keep();
  }

  // step returns to an earlier text if the box is empty or shows one, unless a modifier is pressed.
  #step(e) {
    const text = this.#box.value;
    if (e.shiftKey || e.altKey || e.ctrlKey || e.metaKey || e.isComposing) return;
    if (text !== "" && !this.#recall.isShown(text)) return;
    const other = e.key === "ArrowUp" ? this.#recall.back(text) : this.#recall.forward(text);
    if (other === undefined) return;
    e.preventDefault();
    this.#setText(other);
  }

  // keep keeps the draft, and fits the height of the box to it.
  #keep() {
    this.#drafts.set(this.#room, this.#box.value);
    // The form keeps its height meanwhile, or the log would be larger for a moment, and lose its end.
    const form = this.#box.form;
    form.style.height = `${form.offsetHeight}px`;
    this.#box.style.height = "auto";
    this.#box.style.height = `${this.#box.scrollHeight + 2}px`; // 2 for the borders
    form.style.height = "";
    this.#count();
  }

  #count() {
    const typed = this.#box.value;
    const { request } = parse(typed) ?? {};
    this.#counter.show(request ? textOf(request) : typed, this.#limit);
  }
}

// textOf returns the text of a request that has a limit.
function textOf({ text, words }) {
  return text ?? words ?? "";
}

// isSend reports whether a key sends the text. It does not if it accepts a suggestion of an input method. In
// Safari only the key code shows that.
function isSend(e) {
  if (e.key !== "Enter" || e.isComposing || e.keyCode === 229) return false;
  return e.ctrlKey || e.metaKey || !(e.shiftKey || touch.matches);
}
