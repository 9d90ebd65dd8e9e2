// What the page knows about names.

// fold returns a name in the form in which names are compared. It approximates the server's
// comparison, which decides.
export function fold(nick) {
  return nick.normalize("NFC").toLowerCase();
}

// hue returns the hue of a name's colour, in degrees. It is the same in partyline talk.
export function hue(nick) {
  let h = 0;
  for (const c of fold(nick)) h = Math.imul(h ^ c.codePointAt(0), 0x9e3779b1);
  return (h >>> 8) % 360;
}
