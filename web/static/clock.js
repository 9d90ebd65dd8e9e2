// How much time has passed. No clock of a browser knows it alone: Date follows the machine's
// clock, which may be set back, and performance.now() may stand still while the machine sleeps.
// So what counts is the one that has gone further.

// now returns this moment, which since understands after a reload as well.
export function now() {
  return { date: Date.now(), steady: performance.timeOrigin + performance.now() };
}

// since returns the milliseconds from one moment to another. Below 0, the clock was set back
// before a reload of the page, and how much time has passed is not known.
export function since(moment, until = now()) {
  return Math.max(until.date - moment.date, until.steady - moment.steady);
}
