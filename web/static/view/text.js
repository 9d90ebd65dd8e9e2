// The text of a message, with its markup as elements.

import { button, el } from "./element.js";
import { isFewEmoji } from "../room/emoji.js";
import { parse } from "./markup.js";
import { t } from "../i18n/i18n.js";

// text returns the element of a text that consists of these children.
export function text(...children) {
  const e = el("div", "text", ...children); // a p can't contain blocks
  e.dir = "auto";
  return e;
}

// formatted returns the nodes of a text with its markup. A text that is a few emoji is large.
export function formatted(received) {
  return isFewEmoji(received) ? [el("span", "large", received)] : elements(parse(received));
}

function elements(nodes) {
  return nodes.map((node) => (node.type === "text" ? node.text : element[node.type](node)));
}

const element = {
  code: ({ text }) => el("code", "", text),
  strong: ({ nodes }) => el("strong", "", ...elements(nodes)),
  em: ({ nodes }) => el("em", "", ...elements(nodes)),
  quote: ({ nodes }) => el("blockquote", "", ...elements(nodes)),
  link: ({ href, text }) => {
    const a = el("a", "link", text);
    Object.assign(a, { href, target: "_blank", rel: "noopener noreferrer nofollow" });
    return a;
  },
  room: ({ room, text }) => {
    const a = el("a", "room", text);
    a.href = `?${new URLSearchParams({ room })}`;
    return a;
  },
  block: ({ text }) => {
    const block = el("div", "block", el("pre", "", el("code", "", text)));
    if (navigator.clipboard) block.append(copyButton(text)); // browsers have it over TLS and on loopback only
    return block;
  },
};

function copyButton(text) {
  return button(t("copy"), "copy secondary", async (e) => {
    try {
      await navigator.clipboard.writeText(text);
      e.textContent = t("copied");
    } catch {
      e.textContent = t("notCopied");
    }
    setTimeout(() => (e.textContent = t("copy")), 2_000);
  });
}
