// Finds the words of a search in a text.

// pieces splits a text into [piece, whether it matches one of the words]. A searched word
// matches the start of a word in the text, or any part of it if no word starts with it.
export function pieces(text, words) {
  const patterns = [...new Set(words.match(/[\p{L}\p{M}\p{N}_]+/gu))].map((word) => patternFor(text, word)).filter(Boolean);
  if (patterns.length === 0) return [[text, false]];
  return text
    .split(new RegExp(`(${patterns.join("|")})`, "iu"))
    .map((piece, i) => [piece, i % 2 === 1])
    .filter(([piece]) => piece !== "");
}

// patternFor returns the pattern for a word, or undefined if the text does not contain it.
// A word has no characters that are special in a pattern.
function patternFor(text, word) {
  return [`(?<![\\p{L}\\p{N}])${word}`, word].find((pattern) => new RegExp(pattern, "iu").test(text));
}
