// The language of the page: the one that the reader has chosen here, or else the first of the browser's that the page has.

import * as en from "./en.js";
import * as zh from "./zh.js";
import { Item } from "../net/item.js";

const kept = new Item("partyline.language", () => localStorage);

// languages are the languages of the page, by their tags (BCP 47). The first one is that of index.html.
export const languages = { en, "zh-Hans": zh };

// choose returns the tag of the page's language for the tags that the browser prefers, the best one first, and for
// the tag that the reader has chosen, if any.
export function choose(preferred, chosen) {
  if (Object.hasOwn(languages, chosen ?? "")) return chosen;
  const tags = Object.keys(languages);
  const match = (tag) => tags.find((known) => primary(known) === primary(tag));
  return preferred.map(match).find((tag) => tag !== undefined) ?? tags[0];
}

// localeOf returns the locale in which times and numbers are written: the browser's form of the language, such as
// en-GB, if it has the same script.
export function localeOf(preferred, language) {
  return preferred.find((tag) => form(tag) === form(language)) ?? language;
}

const primary = (tag) => tag.split("-")[0].toLowerCase();

// form returns the language and the script of a tag.
function form(tag) {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    return `${language}-${script}`;
  } catch {
    return ""; // the tag is not well formed
  }
}

const preferred = globalThis.navigator?.languages ?? [];

export const language = choose(preferred, kept.text());
export const locale = localeOf(preferred, language);

// save keeps a choice of the reader for the next time that the page is loaded. It reports whether the browser allows
// that.
export function save(language) {
  return kept.keep(language);
}
