// Exponential backoff with full jitter, so that many pages do not reconnect at once after
// the server restarts.

const first = 500; // in milliseconds
const longest = 30_000;

// pause returns the time to wait before a reconnect, in milliseconds. attempt counts from 0.
export function pause(attempt, random = Math.random) {
  return random() * Math.min(longest, first * 2 ** attempt);
}
