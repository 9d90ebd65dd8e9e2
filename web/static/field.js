// A Field is a value that the server decides and a person may ask to change: the name and
// the room. What is being typed is never overwritten; a refusal is shown beside it.

export class Field {
  #input;
  #form;
  #refusal;
  #value = "";

  // change(value) asks for the change and rejects with the reason if it is refused.
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

  // show sets the value that holds.
  show(value) {
    const editing = "edited" in this.#form.dataset;
    this.#value = value;
    if (!editing) this.#reset();
  }

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
