// A link to the page may name a room (?room=), a name for the reader (?nick=), and a text to start with (?text=).
// The author of a link is unknown, so the page says nothing by itself: the text is only put into the box.

const maxNick = 32; // characters of a name; docs/protocol.md
const maxText = 2_000; // characters

// takeQuery returns what an address asks for, "" for each that it does not, and the rest of the address: without
// the name and the text, so that a reload does not ask for them again.
export function takeQuery(address) {
  const rest = new URL(address);
  const take = (name) => {
    const value = rest.searchParams.get(name) ?? "";
    if (rest.searchParams.has(name)) rest.searchParams.delete(name); // delete rewrites the rest of the query
    return value;
  };
  const nick = take("nick").trim();
  const text = take("text").replace(/\r\n?/g, "\n");
  return { nick: [...nick].length > maxNick ? "" : nick, text: [...text].slice(0, maxText).join(""), rest: rest.href };
}
