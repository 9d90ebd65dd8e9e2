// Elapsed time. Neither clock of a browser is reliable alone: Date follows the machine's
// clock, which may be set back, and performance.now() may stop while the machine sleeps. So
// since uses the clock that has advanced further.

/** @typedef {{date: number, steady: number}} Moment in milliseconds */

// now returns the current moment. It remains valid over a reload of the page.
/** @returns {Moment} */
export function now() {
  return { date: Date.now(), steady: performance.timeOrigin + performance.now() };
}

// since returns the milliseconds from one moment to another. If the result is negative, the
// clock was set back and the page reloaded in between, and the elapsed time is unknown.
/** @param {Moment} moment */
export function since(moment, until = now()) {
  return Math.max(until.date - moment.date, until.steady - moment.steady);
}
