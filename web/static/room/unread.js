// Unread counts the messages of a conversation that the reader has not seen.

export class Unread {
  count = 0;
  mentions = 0; // of them, those that concern the reader
  marked = false; // whether a mark in the log shows where they start

  add(events) {
    this.count += events.length;
    this.mentions += events.filter(({ mention }) => mention).length;
  }

  // clear sets the counts to 0. It reports whether that changes them.
  clear() {
    const changed = this.count > 0;
    this.count = this.mentions = 0;
    return changed;
  }
}
