// A Field shows a value that the server sets and the reader may request to change: the nick
// or the room. It never overwrites what the reader is typing. It shows a refusal.

export class Field {
  #input;
  #form;
  #refusal;
  #value = "";

  // change(value) requests a change. It rejects with the reason if the server refuses.
  constructor(form, change) {
    this.#form = form;
    this.#input = form.querySelector("input");
    this.#refusal = form.querySelector(".refusal");

    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      try {
        await change(this.#input.value.trim());
        this.#reset();
      } catch (err) {
        this.refuse(err.message);
      }
    });
    this.#input.addEventListener("input", () => this.#mark());
    this.#input.addEventListener("keydown", (e) => {
      if (e.key === "Escape") this.#reset();
    });
  }

  // show sets the current value. A refusal stays if that is what it was.
  show(value) {
    if (value === this.#value) return;
    const editing = "edited" in this.#form.dataset;
    this.#value = value;
    if (!editing) this.#reset();
  }

  // refuse shows why the server refused a value; "" removes an earlier refusal.
  refuse(why) {
    this.#refusal.textContent = why;
    this.#input.setAttribute("aria-invalid", String(why !== ""));
  }

  #reset() {
    this.#input.value = this.#value;
    this.refuse("");
    this.#mark();
  }

  #mark() {
    this.#form.toggleAttribute("data-edited", this.#input.value !== this.#value);
    this.#input.size = Math.min(Math.max(this.#input.value.length, 4), 32);
  }
}
