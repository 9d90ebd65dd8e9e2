// Unread counts the messages of a conversation that the reader has not seen.

export class Unread {
  count = 0;
  mentions = 0; // of them, those that concern the reader
  marked = false; // whether the log has a mark before the first of them

  add(events) {
    this.count += events.length;
    this.mentions += events.filter(({ mention }) => mention).length;
  }

  // mark marks in a log that what follows is not seen, unless a mark shows that already. at is the time of what follows.
  mark(log, at) {
    if (this.marked) return;
    this.marked = true;
    log.separate(at);
  }

  // withMark returns events of a log with a mark before the one at an index, from which on the reader has not seen
  // them. If the index is negative, there is none.
  withMark(events, first) {
    if (first < 0) return events;
    this.marked = true;
    return [...events.slice(0, first), { type: "unseen", at: events[first].at }, ...events.slice(first)];
  }

  // clear sets the counts to 0. It reports whether that changes them.
  clear() {
    const changed = this.count > 0;
    this.count = this.mentions = 0;
    return changed;
  }
}
