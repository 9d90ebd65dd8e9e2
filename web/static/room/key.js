// A key identifies a conversation: the name of a room, or @ and the name of a person in the form in which names
// are compared. No room has a name with @.

import { fold } from "./name.js";

// privateKey returns the key of the private conversation with a person.
export function privateKey(nick) {
  return `@${fold(nick)}`;
}
