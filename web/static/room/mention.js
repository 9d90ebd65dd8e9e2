// Finds a name in what others say.

import { fold } from "./name.js";

// A character that continues a word. In scripts that are written without spaces each character may begin one.
const word = "(?![\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Bopo}\\p{sc=Hang}\\p{sc=Thai}])[\\p{L}\\p{M}\\p{N}_]";

// mentions reports whether a text contains a name as a word of its own, and not as a part of another name.
export function mentions(text, nick) {
  const [said, name] = [fold(text), fold(nick)];
  if (name === "" || !said.includes(name)) return false;
  const escaped = name.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  return new RegExp(`(?<!${word}[.-]?)${escaped}(?![.-]?${word})`, "u").test(said);
}
