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
