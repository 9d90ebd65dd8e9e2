// Finds the message with which a day begins. The server knows messages by their ids, which increase with time.

const maxRequests = 60;

// firstSince resolves to the first message of a room at or after a time, in milliseconds, or to undefined if
// there is none. request(request) resolves to the server's answer.
/** @param {number} time @param {import("../net/requests.js").Request} request */
export async function firstSince(time, request) {
  const [oldest] = (await request({ type: "since", id: 0, limit: 1 })).messages;
  const newest = (await request({ type: "history", limit: 1 })).messages.at(-1);
  if (!newest || Date.parse(newest.at) < time) return undefined;
  if (!oldest || Date.parse(oldest.at) >= time) return oldest;
  // All messages up to the id low are before the time, and high is not.
  let [low, lowAt, high] = [oldest.id, Date.parse(oldest.at), newest];
  for (let n = 0; n < maxRequests && high.id - low > 1; n++) {
    // Every other step halves the rest, in case that messages are not spread evenly.
    const share = n % 2 === 0 ? (time - lowAt) / (Date.parse(high.at) - lowAt) : 0.5;
    const middle = Math.min(high.id - 1, Math.max(low + 1, low + Math.floor(share * (high.id - low))));
    const found = (await request({ type: "history", before: middle + 1, limit: 1 })).messages.at(-1);
    if (found && Date.parse(found.at) >= time) high = found;
    else {
      low = middle;
      if (found) lowAt = Date.parse(found.at);
    }
  }
  return high;
}
