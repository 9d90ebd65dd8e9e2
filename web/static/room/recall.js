// A Recall returns to what the reader has sent, from the last text backwards.

const maxTexts = 50;

export class Recall {
  #texts = [];
  #at = 0; // the index of the text that is shown; #texts.length if there is none
  #draft = ""; // what was in the box before the first step back

  // add records a text that was sent, and ends recalling.
  add(text) {
    if (text !== this.#texts.at(-1)) this.#texts.push(text);
    if (this.#texts.length > maxTexts) this.#texts.shift();
    this.#at = this.#texts.length;
  }

  // back returns the text before the one that is shown, or undefined if there is none. current is what is in
  // the box.
  back(current) {
    if (!this.isShown(current)) {
      this.#at = this.#texts.length;
      this.#draft = current;
    }
    return this.#at === 0 ? undefined : this.#texts[--this.#at];
  }

  // forward returns the text after the one that is shown, at last what was in the box before. It returns
  // undefined if no text is shown.
  forward(current) {
    if (!this.isShown(current)) return undefined;
    return ++this.#at === this.#texts.length ? this.#draft : this.#texts[this.#at];
  }

  // isShown reports whether the box holds the text to which the reader has returned.
  isShown(current) {
    return this.#at < this.#texts.length && this.#texts[this.#at] === current;
  }
}
