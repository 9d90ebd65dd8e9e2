// Exponential backoff with full jitter, so that many pages do not reconnect at once after
// the server restarts.

const first = 500; // in milliseconds
const longest = 30_000;
const longestAsked = 10 * 60_000; // no server needs longer to restart

// pause returns the time to wait before a reconnect, in milliseconds. attempt counts from 0.
export function pause(attempt, random = Math.random) {
  return random() * Math.min(longest, first * 2 ** attempt);
}

// bounded returns the time to wait, in milliseconds, if the server asks the page to wait for a time.
export function bounded(asked) {
  return Math.min(asked, longestAsked);
}
