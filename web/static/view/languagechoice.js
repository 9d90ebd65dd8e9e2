// The choice of the language. The page loads again in another one: what the reader has written, sent and opened stays.

import { language, save } from "../i18n/language.js";

// useLanguageChoice makes a select element choose the language. Its options have the tags of the languages as values.
export function useLanguageChoice(select) {
  select.value = language;
  select.addEventListener("change", () => {
    if (save(select.value)) location.reload();
    else select.value = language;
  });
}
