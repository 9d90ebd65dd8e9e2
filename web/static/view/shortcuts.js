// The Shortcuts are the keys that work everywhere on the page, and the sheet that lists all keys.

const actions = {
  "Alt+ArrowUp": "before",
  "Alt+ArrowDown": "after",
  "Alt+Shift+ArrowDown": "unread",
  "Ctrl+k": "room",
  "Meta+k": "room",
  "Alt+End": "newest",
};

// useShortcuts makes the keys work. sheet is a dialog element, which opener opens. act has a function for each
// action: before, after, unread, room and newest.
export function useShortcuts({ sheet, opener, act }) {
  opener.addEventListener("click", () => sheet.showModal());
  sheet.querySelector("button").addEventListener("click", () => sheet.close());
  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented || e.isComposing || sheet.open) return;
    if (e.key === "?" && !e.ctrlKey && !e.metaKey && !isWriting(e.target)) {
      e.preventDefault();
      return sheet.showModal();
    }
    const action = actions[nameOf(e)];
    if (!action) return;
    e.preventDefault();
    act[action]();
  });
}

// nameOf returns the name of a key with its modifiers.
function nameOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  return [ctrlKey && "Ctrl", metaKey && "Meta", altKey && "Alt", shiftKey && "Shift", key].filter(Boolean).join("+");
}

const isWriting = (target) => target.matches?.("input:not([type=checkbox]), textarea");
