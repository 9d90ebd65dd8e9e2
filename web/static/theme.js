// The theme of the page: "light", "dark", or "" for that of the system. It is a script and no module, so that it runs
// before the page is shown.
{
  const key = "partyline.theme";
  const isDark = "(prefers-color-scheme: dark)";
  const isLight = "(prefers-color-scheme: light)";
  const darkMedia = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .flatMap((rule) => (rule instanceof CSSMediaRule && rule.media.mediaText === isDark ? [rule.media] : []));

  const load = () => {
    try {
      const theme = localStorage.getItem(key);
      return theme === "light" || theme === "dark" ? theme : "";
    } catch {
      return "";
    }
  };

  const save = (theme) => {
    try {
      localStorage.setItem(key, theme);
    } catch {} // it lasts until the page is closed
  };

  const apply = (theme) => {
    const [dark, light] = { dark: ["all", "not all"], light: ["not all", "all"], "": [isDark, isLight] }[theme];
    for (const media of darkMedia) media.mediaText = dark;
    document.documentElement.style.colorScheme = theme;
    /** @type {NodeListOf<HTMLMetaElement>} */
    const [lightColor, darkColor] = document.querySelectorAll("meta[name=theme-color]");
    lightColor.media = light;
    darkColor.media = dark;
  };

  apply(load());
  document.addEventListener("DOMContentLoaded", () => {
    const choice = /** @type {HTMLSelectElement} */ (document.querySelector("#theme"));
    choice.value = load();
    choice.addEventListener("change", () => {
      save(choice.value);
      apply(choice.value);
    });
  });
}
