// The Title shows the current room in the title and the URL of the page, and the number of
// unread messages in the title.

export class Title {
  #room;
  #unread = 0;

  constructor(room) {
    this.#room = room;
  }

  setRoom(room) {
    this.#room = room;
    this.#update();
  }

  addUnread() {
    this.#unread++;
    this.#update();
  }

  clearUnread() {
    this.#unread = 0;
    this.#update();
  }

  #update() {
    document.title = `${this.#unread ? `(${this.#unread}) ` : ""}#${this.#room} · partyline`;
    const url = new URL(location);
    if ((url.searchParams.get("room") ?? "lobby") === this.#room) return;
    url.searchParams.set("room", this.#room);
    history.replaceState(null, "", url);
  }
}
