// The words of the page in the reader's language. Each has a key, by which en.js and zh.js have it.

import { language, languages, locale } from "./language.js";

// translator returns the functions of this module for a language and a locale.
export function translator({ words, errors }, locale) {
  const plural = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  const conjunction = new Intl.ListFormat(locale, { type: "conjunction" });

  // nodes returns the words with a key as a list of strings and nodes. {name} in them stands for a value: a string, a
  // number, a node, or a list of strings and nodes. Words that depend on a number have a form for each plural, which
  // the value n selects.
  function nodes(key, values = {}) {
    const entry = words[key];
    const form = typeof entry === "string" ? entry : (entry[plural.select(values.n)] ?? entry.other);
    return form
      .split(/\{(\w+)\}/)
      .flatMap((part, i) => (i % 2 === 0 ? part : value(values[part])))
      .filter((part) => part !== "");
  }

  const value = (v) => (typeof v === "number" ? number.format(v) : v);

  // t returns the words with a key as a string. No value is a node.
  const t = (key, values) => nodes(key, values).join("");

  // list joins items, such as names, as in "a, b and c". An item is a string or a node.
  function list(items) {
    const parts = conjunction.formatToParts(items.map((_, i) => String(i)));
    return parts.map(({ type, value }) => (type === "element" ? items[Number(value)] : value));
  }

  // errorText returns the text for a code of the server, or else the server's own, which is in English.
  const errorText = (code, message) => (Object.hasOwn(errors, code ?? "") ? errors[code] : message);

  return { t, nodes, list, errorText };
}

const chosen = translator(languages[language], locale);
export const t = chosen.t;
export const nodes = chosen.nodes;
export const list = chosen.list;
export const errorText = chosen.errorText;
