// Where in a text the words stand that were searched for.

// pieces parts a text into [piece, whether it is one of the words]. A word is looked for at
// the beginning of words, and only where it is at none of them, anywhere.
export function pieces(text, words) {
  const wanted = [...new Set(words.match(/[\p{L}\p{M}\p{N}_]+/gu))].map((word) => finder(text, word)).filter(Boolean);
  if (wanted.length === 0) return [[text, false]];
  return text
    .split(new RegExp(`(${wanted.join("|")})`, "iu"))
    .map((piece, i) => [piece, i % 2 === 1])
    .filter(([piece]) => piece !== "");
}

// finder returns the pattern that finds a word, of which no character is special in one.
function finder(text, word) {
  return [`(?<![\\p{L}\\p{N}])${word}`, word].find((pattern) => new RegExp(pattern, "iu").test(text));
}
