// Finds a name in what others say.

import { fold } from "./name.js";
import { spaceless } from "./script.js";

// A character that continues a word.
const word = `(?!${spaceless})[\\p{L}\\p{M}\\p{N}_]`;

// mentions reports whether a text contains a name as a word of its own, and not as a part of another name.
export function mentions(text, nick) {
  const [said, name] = [fold(text), fold(nick)];
  if (name === "" || !said.includes(name)) return false;
  const escaped = name.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  return new RegExp(`(?<!${word}[.-]?)${escaped}(?![.-]?${word})`, "u").test(said);
}
