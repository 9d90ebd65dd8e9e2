// The address of the page names the room that is shown, and the person if it is a private conversation:
// ?room=ops&with=bob. The browser's history has an entry for each conversation that was shown.

import { bareRoom } from "./command.js";

const maxName = 200; // characters

// read returns what an address names: the room, "lobby" if it names none, and the person, or "".
export function read(url) {
  const { searchParams } = new URL(url);
  const param = (name) => (searchParams.get(name) ?? "").slice(0, maxName);
  return { room: roomName(param("room")) || "lobby", person: param("with").trim() };
}

// roomName returns the name of a room in the form in which the server compares it, as far as the page knows.
export function roomName(typed) {
  return bareRoom(typed).toLowerCase();
}

// write returns the address of a room, or of the private conversation with a person.
export function write(url, room, person) {
  const address = new URL(url);
  const { searchParams } = address;
  const now = read(url);
  if (now.room === room && now.person === person) return address.href;
  address.hash = "";
  if (room !== now.room) searchParams.set("room", room);
  if (person === "") searchParams.delete("with");
  else searchParams.set("with", person);
  return address.href;
}
