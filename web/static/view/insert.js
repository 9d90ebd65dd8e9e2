// insert replaces the text from start to end in a box, and puts the caret at a place. The browser can undo that.
export function insert(box, { start, end, insert: text, caret }) {
  box.focus();
  box.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) {
    box.setRangeText(text, start, end);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
  box.setSelectionRange(caret, caret);
}
