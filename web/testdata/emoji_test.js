import assert from "node:assert/strict";
import { test } from "node:test";
import { isFewEmoji } from "../static/room/emoji.js";

const few = [
  "😀", "😀😀😀", " 😀 \n🎉\t", "👍🏽", "❤️", "☺️", "©️", "🇩🇪", "🇩🇪🇫🇷🇯🇵", "1️⃣", "#️⃣", "*⃣",
  "👨‍👩‍👧‍👦", "👩🏻‍❤️‍💋‍👨🏻", "👩🏻‍❤️‍💋‍👨🏻👩🏻‍❤️‍💋‍👨🏻👩🏻‍❤️‍💋‍👨🏻", "🏳️‍🌈", "❤️‍🔥", "☝🏿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🧑‍🚀 👍🏽 🇨🇭",
];
for (const text of few) {
  test(`${JSON.stringify(text)} is a few emoji`, () => assert.equal(isFewEmoji(text), true));
}

const other = [
  "", " ", "a", "1", "123", "#", "*", "😀😀😀😀", "😀 hi", "hi 😀", "©", "™", "❤", "😀︎", "🇩", "🇩🇪🇫", "🏻", "\u200d", "\ufe0f", "⃣",
  "😀\u200d", "\u200d😀", ":)", "🏴\u{e0067}", "😀" + " ".repeat(100), "😀‍😀‍😀‍😀‍😀", "\ud83d", "漢", "→",
];
for (const text of other) {
  test(`${JSON.stringify(text)} is not`, () => assert.equal(isFewEmoji(text), false));
}

test("all emoji of Unicode that this version of node knows count", { skip: !supportsV() }, () => {
  const rgi = new RegExp("^\\p{RGI_Emoji}$", "v");
  let n = 0;
  for (let c = 0x80; c < 0x20000; c++) {
    const text = String.fromCodePoint(c);
    if (!rgi.test(text) || /\p{Emoji_Modifier}/u.test(text)) continue;
    n++;
    assert.equal(isFewEmoji(text), true, `U+${c.toString(16)}`);
  }
  assert.ok(n > 1000);
});

function supportsV() {
  try {
    return Boolean(new RegExp("", "v"));
  } catch {
    return false;
  }
}
