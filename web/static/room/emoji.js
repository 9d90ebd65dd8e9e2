// The page shows a message that is nothing but a few emoji larger.

const most = 3; // emoji of such a message
const longest = 80; // characters of it

// An emoji is a flag, a keycap, or a picture. A picture that is text by default, such as ©, counts only if the
// next character makes it an emoji. It may have a skin tone, the tags of a flag, or other pictures joined to it.
const flag = "\\p{Regional_Indicator}{2}";
const keycap = "[0-9#*]\\uFE0F?\\u20E3";
const picture = "\\p{Extended_Pictographic}(?:\\uFE0F|\\p{Emoji_Modifier})?(?:[\\u{E0020}-\\u{E007E}]+\\u{E007F})?";
const shown = "(?=\\p{Emoji_Presentation}|.[\\uFE0F\\u200D\\p{Emoji_Modifier}])";
const emoji = `(?:${flag}|${keycap}|${shown}${picture}(?:\\u200D${picture}){0,3})`;
const few = new RegExp(`^\\s*(?:${emoji}\\s*){1,${most}}$`, "u");

// isFewEmoji reports whether a text is one to three emoji and white space only.
export function isFewEmoji(text) {
  return text.length <= longest && few.test(text);
}
