// A Scroller shows a list of any length in a box that scrolls. It owns the items, oldest first, the
// elements of those around the visible part, and the position of the reader.
//
// The reader follows the end until they scroll up. From then on nothing that arrives moves what they
// read, until they reach the end or call toEnd. The Scroller corrects the position itself when
// elements above it change, since not all browsers do that (CSS Scroll Anchoring).

const step = 50; // elements that are added at once
const maxShown = 300; // elements
const edge = 800; // pixels from the edge of what is shown at which more is shown
const maxItems = 5_000; // while the reader follows the end
const maxAhead = 10_000; // items after what the reader reads

export class Scroller {
  #box;
  #container; // of the elements, in the box
  #render;
  #older;
  #cut;
  #onFollow;

  #items = [];
  #first = 0; // the index of the first item that has an element
  #shown = []; // the elements of the items from #first on
  #hasOlder = false; // whether older may have more items
  #loading = false;
  #list = 0; // counts the changes after which older items that are on their way are dropped
  #top = 0; // the position that was last set or seen
  #following = true;
  #hidden = true; // then nothing has an element
  /** @type {{item: any, bottom: number} | null} */
  #place = null; // of the reader, while the box is hidden: {item, bottom}, or null at the end

  // The Scroller begins hidden. render(item, before) returns the element of an item. It must have the same height each time, for the
  // same item before it. older(items) resolves to {items, more}: the items before those, and whether
  // there are more; it does not reject. cut(removed) returns the item in place of removed items. onFollow
  // is called when following may have changed.
  constructor(box, container, { render, older, cut, onFollow }) {
    this.#box = box;
    this.#container = container;
    this.#render = render;
    this.#older = older;
    this.#cut = cut;
    this.#onFollow = onFollow;
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.update()).observe(box);
  }

  // following reports whether the box scrolls to what arrives.
  get following() {
    return this.#following;
  }

  get items() {
    return this.#items;
  }

  // show shows the items at the place that hide has remembered. The box must be in the document.
  show() {
    if (!this.#hidden) return;
    this.#hidden = false;
    const place = this.#place;
    const i = place ? this.#items.indexOf(place.item) : -1;
    if (!place || i < 0) {
      this.#following = true;
      this.#showEnd();
    } else {
      this.#showAround(i);
      this.#box.scrollTop += this.#shown[i - this.#first].getBoundingClientRect().bottom - this.#box.getBoundingClientRect().top - place.bottom;
      this.#top = this.#box.scrollTop;
    }
    this.update();
  }

  // hide removes all elements, and remembers what the reader reads. It must be called before the box
  // leaves the document.
  hide() {
    if (this.#hidden) return;
    const k = this.#firstVisible();
    const read = this.#shown[k];
    this.#place =
      this.#following || !read
        ? null
        : { item: this.#items[this.#first + k], bottom: read.getBoundingClientRect().bottom - this.#box.getBoundingClientRect().top };
    this.#hidden = true;
    this.#first = this.#place ? this.#first + k : this.#items.length;
    this.#clear();
  }

  // set replaces all items, and shows the end. more tells whether there are older ones.
  set(items, more) {
    this.#list++;
    this.#items = [...items];
    this.#hasOlder = more;
    this.#loading = false;
    this.#following = true;
    this.#place = null;
    this.#first = this.#items.length;
    if (!this.#hidden) this.#showEnd();
    this.update();
  }

  // setMore makes the Scroller ask for older items again.
  setMore() {
    this.#hasOlder = true;
    this.#fill();
  }

  // append adds items at the end.
  append(items) {
    this.#notice();
    const complete = this.#end === this.#items.length;
    this.#items.push(...items);
    if (this.#hidden) {
      if (this.#following) this.#first = this.#items.length;
    } else if (this.#following || (complete && this.#shown.length < maxShown)) this.#show(this.#items.length);
    if (this.#following) this.#forget();
    else this.#bound();
    this.update();
  }

  // prepend adds items at the start. more tells whether there are older ones.
  prepend(items, more) {
    this.#list++; // the older items that are on their way come after these
    this.#loading = false;
    this.#hasOlder = more;
    this.#addFirst(items);
    this.#onFollow();
  }

  // reveal scrolls to an item and returns its element. The box must not be hidden.
  reveal(item) {
    const i = this.#items.indexOf(item);
    if (i < this.#first || i >= this.#end) this.#showAround(i);
    const e = this.#shown[i - this.#first];
    e.scrollIntoView({ block: "center" });
    this.#following = false;
    this.#notice();
    this.#fill();
    this.#onFollow();
    return e;
  }

  // startAt scrolls up to an item, if it is above what is visible.
  startAt(item) {
    const i = this.#items.indexOf(item);
    if (this.#hidden || i < 0) return;
    const isAway = i < this.#first || i >= this.#end;
    if (isAway) this.#showAround(i);
    const e = this.#shown[i - this.#first];
    if (isAway || e.getBoundingClientRect().top < this.#box.getBoundingClientRect().top) {
      e.scrollIntoView();
      this.#following = false;
    }
    this.#notice();
    this.update();
  }

  // replace replaces an item by others. It does nothing if the item is gone.
  replace(item, ...others) {
    const i = this.#items.indexOf(item);
    if (i < 0) return;
    this.#notice();
    this.#items.splice(i, 1, ...others);
    if (i < this.#first) this.#first += others.length - 1;
    else if (i < this.#end) {
      this.#keepPosition(() => {
        const elements = others.map((other, k) => this.#render(other, this.#items[i + k - 1]));
        this.#shown.splice(i - this.#first, 1, ...elements)[0].replaceWith(...elements);
        this.#renderAgain(i + others.length);
      });
    }
    this.update();
  }

  // redraw makes the elements of all items again.
  redraw() {
    this.#keepPosition(() => {
      for (let i = this.#first; i < this.#end; i++) this.#renderAgain(i);
    });
  }

  // update shows what is missing around the reader, after a change of the sizes.
  update() {
    if (this.#hidden) return;
    if (this.#following) this.#scrollToEnd();
    this.#fill();
    this.#onFollow();
  }

  // toEnd shows the end and follows it.
  toEnd() {
    this.#following = true;
    this.#place = null;
    if (!this.#hidden && this.#end < this.#items.length) this.#showEnd();
    this.#forget();
    this.update();
  }

  get #end() {
    return this.#first + this.#shown.length;
  }

  #scrolled() {
    this.#notice();
    this.#fill();
    this.#onFollow();
  }

  // notice finds out whether the reader has scrolled.
  #notice() {
    if (this.#hidden) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    if (this.#end === this.#items.length && scrollHeight - clientHeight - scrollTop <= 2) this.#following = true;
    else if (scrollTop < this.#top - 1) this.#following = false;
    this.#top = scrollTop;
  }

  #scrollToEnd() {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#top = this.#box.scrollTop;
  }

  #clear() {
    this.#container.replaceChildren();
    this.#shown = [];
  }

  #showEnd() {
    this.#clear();
    this.#first = Math.max(0, this.#items.length - step);
    this.#show(this.#items.length);
  }

  // showAround shows the items around one, and no longer follows the end.
  #showAround(i) {
    this.#clear();
    this.#following = false;
    this.#first = Math.max(0, i - step / 2);
    this.#show(Math.min(this.#items.length, i + step));
  }

  // fill shows more items where the reader comes near the edge of those that are shown.
  #fill() {
    if (this.#hidden) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    if (scrollTop < edge) {
      if (this.#first > 0) this.#showBefore();
      else if (this.#hasOlder) this.#load();
    }
    if (!this.#following && this.#end < this.#items.length && scrollHeight - clientHeight - scrollTop < edge) {
      this.#keepPosition(() => {
        this.#show(Math.min(this.#items.length, this.#end + step));
        this.#hideFirst();
      });
    }
  }

  // showBefore shows items before those that are shown.
  #showBefore() {
    this.#keepPosition(() => {
      const from = Math.max(0, this.#first - step);
      const elements = this.#items.slice(from, this.#first).map((item, k) => this.#render(item, this.#items[from + k - 1]));
      this.#container.prepend(...elements);
      this.#shown.unshift(...elements);
      this.#first = from;
      if (!this.#following) for (const e of this.#shown.splice(maxShown)) e.remove();
    });
    if (this.#following) this.#scrollToEnd();
  }

  // show shows the items up to end, after those that are shown.
  #show(end) {
    const elements = [];
    for (let i = this.#end; i < end; i++) elements.push(this.#render(this.#items[i], this.#items[i - 1]));
    this.#container.append(...elements);
    this.#shown.push(...elements);
    if (this.#following) this.#hideFirst();
  }

  #hideFirst() {
    const gone = this.#shown.splice(0, Math.max(0, this.#shown.length - maxShown));
    for (const e of gone) e.remove();
    this.#first += gone.length;
  }

  async #load() {
    if (this.#loading) return;
    this.#loading = true;
    const list = this.#list;
    const { items, more } = await this.#older(this.#items);
    if (list !== this.#list) return;
    this.#loading = false;
    this.#hasOlder = more;
    this.#addFirst(items);
    if (items.length > 0) this.#fill();
    this.#onFollow();
  }

  #addFirst(items) {
    this.#notice();
    this.#items.unshift(...items);
    this.#first += items.length;
    this.#keepPosition(() => this.#renderAgain(items.length)); // it has an item before it now
  }

  #renderAgain(i) {
    const k = i - this.#first;
    if (k < 0 || k >= this.#shown.length) return;
    const e = this.#render(this.#items[i], this.#items[i - 1]);
    this.#shown[k].replaceWith(e);
    this.#shown[k] = e;
  }

  // keepPosition makes a change and then scrolls so that the first element that is visible, or the one
  // in its place, ends where it did.
  #keepPosition(change) {
    const k = this.#firstVisible();
    const item = this.#items[this.#first + k];
    const bottom = this.#shown[k]?.getBoundingClientRect().bottom;
    change();
    const now = k < 0 ? undefined : this.#shown[this.#items.indexOf(item, this.#first) - this.#first];
    if (now) this.#box.scrollTop += now.getBoundingClientRect().bottom - bottom;
    this.#top = this.#box.scrollTop;
  }

  #firstVisible() {
    const top = this.#box.getBoundingClientRect().top;
    return this.#shown.findIndex((e) => e.getBoundingClientRect().bottom > top);
  }

  // forget drops the oldest items while the reader follows the end. The server still has most of them.
  #forget() {
    const n = this.#items.length - maxItems;
    if (n < step || this.#first < n) return;
    this.#items.splice(0, n);
    this.#first -= n;
    this.#hasOlder = true;
  }

  // bound removes items that arrived long after those that the reader reads, and before the newest.
  #bound() {
    const ahead = this.#items.length - this.#end;
    if (ahead <= maxAhead) return;
    const from = this.#end + step;
    const to = this.#items.length - maxAhead / 2;
    const removed = this.#items.slice(from, to);
    this.#items.splice(from, removed.length, this.#cut(removed));
  }
}
