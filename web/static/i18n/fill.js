// Fills the document with words in the reader's language. index.html has them in English.

import { language } from "./language.js";
import { t } from "./i18n.js";

const attributes = { i18n: "textContent", i18nLabel: "ariaLabel", i18nPlaceholder: "placeholder" };

// fill fills the elements of a document with the words whose keys are in their data attributes.
export function fill(document) {
  document.documentElement.lang = language;
  for (const e of document.querySelectorAll("[data-i18n], [data-i18n-label], [data-i18n-placeholder]")) {
    for (const [name, property] of Object.entries(attributes)) {
      if (name in e.dataset) e[property] = t(e.dataset[name]);
    }
  }
}
