// Times are shown in the reader's language and time zone. This module owns their formats.

import { locale } from "../i18n/language.js";

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const styles = {
  short: { timeStyle: "short" },
  dated: { dateStyle: "medium", timeStyle: "short" },
  exact: { dateStyle: "full", timeStyle: "medium" },
  day: { dateStyle: "full" },
};

let zone;
let formats;

// refresh follows a change of the time zone, as on a laptop that travels. It reports whether there was one.
export function refresh() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (timeZone === zone) return false;
  zone = timeZone;
  formats = Object.fromEntries(Object.entries(styles).map(([name, style]) => [name, new Intl.DateTimeFormat(locale, style)]));
  return true;
}

refresh();

// format returns a time in one of the styles: short, dated, exact or day.
export function format(at, style) {
  return formats[style].format(new Date(at));
}

// isSameDay reports whether two times are on one day.
export function isSameDay(a, b) {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
