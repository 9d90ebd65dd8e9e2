// Elements that all parts of the page make. Received text becomes text nodes only.

import { hue } from "../room/name.js";

export function el(name, className, ...children) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children);
  return e;
}

// bdi returns a name in its colour. It is isolated, so that it cannot change the direction of the text
// around it.
export function bdi(nick) {
  const e = el("bdi", "name", nick);
  e.style.setProperty("--hue", hue(nick));
  return e;
}

export function button(label, className, onClick) {
  const e = el("button", className, label);
  e.type = "button";
  e.addEventListener("click", () => onClick(e));
  return e;
}

// arrange makes elements the children of a parent, in this order. It does not move those that remain, so that
// they keep the focus.
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const e of [...parent.children]) if (!wanted.has(e)) e.remove();
  elements.forEach((e, i) => {
    if (parent.children[i] !== e) parent.insertBefore(e, parent.children[i] ?? null);
  });
}
