// The title of the page, and its icon, show how many messages the reader has not seen.

export class Title {
  #icon;
  #icons;
  #label = "";
  #unread = 0;

  // icon is the link element of the icon. Its data-href is the icon while there are mentions.
  constructor(icon) {
    this.#icon = icon;
    this.#icons = { plain: icon.href, mention: new URL(icon.dataset.href, document.baseURI).href };
  }

  // setLabel sets the name of the conversation that is shown.
  setLabel(label) {
    this.#label = label;
    this.#update();
  }

  // setUnread sets the number of all messages that the reader has not seen, and of those that mention the
  // reader.
  setUnread(unread, mentions) {
    this.#unread = unread;
    const icon = mentions > 0 ? this.#icons.mention : this.#icons.plain;
    if (this.#icon.href !== icon) this.#icon.href = icon;
    this.#update();
  }

  #update() {
    document.title = `${this.#unread ? `(${this.#unread}) ` : ""}${this.#label} · partyline`;
  }
}
