// The limits of the server on a text. The page knows them from the welcome, so that the reader learns of them
// while writing.

import { t } from "../i18n/i18n.js";

const maxLines = 32; // docs/protocol.md, as the next two
const perByte = 8; // bytes of a request for each byte of a text
const besides = 1024; // bytes of a request in addition to that
const near = 0.2; // the part of the limit that is left when the reader learns of it

const encoder = new TextEncoder();

// textLimit returns how many bytes a text may have on a server with these facts in its welcome. The limit is
// infinite if it is not known.
export function textLimit(server) {
  return server?.bytes > besides ? Math.floor((server.bytes - besides) / perByte) : Infinity;
}

// bytes returns the length of a text as the server counts it.
export function bytes(text) {
  return encoder.encode(text).length;
}

// measure compares a text with the limits. It returns the bytes that are left, below 0 if there are too many,
// whether the text is near a limit or exceeds it, and in why what is wrong with one that exceeds it, or "".
export function measure(text, limit) {
  const left = limit - bytes(text);
  const extra = lines(text) - maxLines;
  const why = left < 0 ? t("bytesTooLong", { n: -left }) : extra > 0 ? t("linesTooLong", { n: extra }) : "";
  return { left, why, near: why !== "" || left < near * limit };
}

// fits reports whether the server accepts a text of this length.
export function fits(text, limit) {
  return measure(text, limit).why === "";
}

// lines returns the number of lines of a text. Line breaks at its ends do not count.
function lines(text) {
  const all = text.split("\n");
  const first = all.findIndex((line) => line !== "");
  return all.findLastIndex((line) => line !== "") - first + 1;
}
