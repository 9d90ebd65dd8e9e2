// The pause before an attempt to reconnect, in milliseconds. It is drawn from the whole
// of a span that doubles each time: a thousand pages don't come back in one moment.

const first = 500;
const longest = 30_000;

export function pause(attempt, random = Math.random) {
  return random() * Math.min(longest, first * 2 ** attempt);
}
