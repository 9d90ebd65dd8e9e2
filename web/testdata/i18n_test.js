import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { translator } from "../static/i18n/i18n.js";
import { choose, languages, localeOf } from "../static/i18n/language.js";

const { en, "zh-Hans": zh } = languages;

for (const [preferred, chosen, want] of [
  [[], null, "en"],
  [["de"], null, "en"],
  [["en-GB"], null, "en"],
  [["zh-TW", "en"], null, "zh-Hans"],
  [["zh"], null, "zh-Hans"],
  [["de", "ZH-cn", "en"], null, "zh-Hans"],
  [["en-US", "zh-CN"], null, "en"],
  [["zh-CN"], "en", "en"],
  [["en"], "zh-Hans", "zh-Hans"],
  [["zh-CN"], "fr", "zh-Hans"],
  [["zh-CN"], "constructor", "zh-Hans"],
]) {
  test(`a browser in ${preferred} with the choice ${chosen} gets ${want}`, () => assert.equal(choose(preferred, chosen), want));
}

for (const [preferred, language, want] of [
  [[], "en", "en"],
  [["de", "en-GB", "en-US"], "en", "en-GB"],
  [["de"], "en", "en"],
  [["zh-TW", "zh-SG"], "zh-Hans", "zh-SG"],
  [["zh-TW"], "zh-Hans", "zh-Hans"],
  [["not a tag", "en"], "en", "en"],
]) {
  test(`a browser in ${preferred} writes times in ${want} on the page in ${language}`, () => assert.equal(localeOf(preferred, language), want));
}

// forms returns the forms of an entry.
const forms = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry));

const placeholders = (entry) => [...new Set(forms(entry).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();

test("all languages have the same words", () => {
  for (const { words } of Object.values(languages)) assert.deepEqual(Object.keys(words), Object.keys(en.words));
});

for (const [language, { words }] of Object.entries(languages)) {
  test(`the words in ${language} have the values of the English ones`, () => {
    for (const [key, entry] of Object.entries(words)) assert.deepEqual(placeholders(entry), placeholders(en.words[key]), key);
  });

  test(`the words in ${language} have a form for each plural`, () => {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const [key, entry] of Object.entries(words)) {
      if (typeof entry === "string") continue;
      assert.deepEqual(Object.keys(entry).sort(), [...pluralCategories].sort(), key);
      for (const form of forms(entry)) assert.ok(form.includes("{n}"), key);
    }
  });
}

test("the Chinese words are Chinese", () => {
  for (const [key, entry] of [...Object.entries(zh.words), ...Object.entries(zh.errors)]) {
    for (const form of forms(entry)) {
      const own = form.replace(/\{\w+\}/g, "");
      assert.doesNotMatch(own, /[A-Za-z]{2,}/, key);
      assert.doesNotMatch(own, /[,?!:;()]|\.$|\.{3}/, `${key} has punctuation of half width`);
    }
  }
});

const root = new URL("../static/", import.meta.url);
const read = (name) => readFileSync(new URL(name, root), "utf8");
const page = read("index.html");
const scripts = readdirSync(root, { recursive: true }).filter((name) => name.endsWith(".js") && !name.startsWith("i18n")).map(read);

test("the page uses all words, and no others", () => {
  const marked = [...page.matchAll(/data-i18n(?:-\w+)?="(\w+)"/g)];
  const called = scripts.flatMap((script) => [...script.matchAll(/\b(?:t|nodes)\("(\w+)"/g)]);
  assert.deepEqual([...new Set([...marked, ...called].map(([, key]) => key))].sort(), Object.keys(en.words).sort());
});

test("a call has values if the words need some", () => {
  for (const script of scripts) {
    for (const [call, key, end] of script.matchAll(/\b(?:t|nodes)\("(\w+)"(.)/g)) assert.equal(end === ",", placeholders(en.words[key]).length > 0, call);
    assert.doesNotMatch(script, /[^.\w#](?:t|nodes)\([^")]/, "a key is not a literal");
  }
});

test("the document has the English words", () => {
  for (const [tag, key] of page.matchAll(/<[^>]* data-i18n="(\w+)"[^>]*>[^<]*/g)) assert.equal(tag.slice(tag.indexOf(">") + 1), en.words[key]);
  for (const [tag, attribute, key] of page.matchAll(/<[^>]* data-i18n-(\w+)="(\w+)"[^>]*>/g)) {
    const name = { label: "aria-label", placeholder: "placeholder" }[attribute];
    assert.ok(tag.includes(` ${name}="${en.words[key]}"`), tag);
  }
});

test("the document has no other words that a reader sees", () => {
  const [, body] = page.replace(/<noscript>.*<\/noscript>/, "").replace(/<kbd>[^<]*<\/kbd>/g, "").split("<body");
  for (const [tag, text] of body.matchAll(/<[^>]*>([^<]*[A-Za-z]{2}[^<]*)/g)) assert.ok(/ data-i18n="| lang="|<img /.test(tag), text);
  for (const [tag] of body.matchAll(/<[^>]* (?:aria-label|placeholder|title|alt)="[^"]+"[^>]*>/g)) assert.match(tag, / data-i18n-/);
});

test("the errors and notices of the server are translated", () => {
  const codes = ["bad_json", "bad_request", "unknown_type", "line_too_long", "not_utf8", "nick_taken", "nick_invalid", "room_invalid", "no_such_nick", "unavailable", "paced", "unstored", "stored"];
  const [english, chinese] = [en, zh].map((language) => translator(language, "en").errorText);
  for (const code of codes) {
    assert.equal(english(code, "why"), "why");
    assert.match(chinese(code, "why"), /\p{Script=Han}/u, code);
  }
  for (const code of ["new_code", "toString", undefined]) assert.equal(chinese(code, "why"), "why");
});

const speakers = { en: translator(en, "en"), zh: translator(zh, "zh-Hans") };

for (const [language, key, values, want] of [
  ["en", "newMessages", { n: 1 }, "1 new message"],
  ["en", "newMessages", { n: 0 }, "0 new messages"],
  ["en", "newMessages", { n: 1200 }, "1,200 new messages"],
  ["zh", "newMessages", { n: 1 }, "1条新消息"],
  ["zh", "newMessages", { n: 2 }, "2条新消息"],
  ["en", "hasLeftSaying", { name: "{text}", text: "$&" }, "{text} has left ($&)"],
  ["zh", "renamed", { name: "ann", to: "eve" }, "ann改名为eve"],
]) {
  test(`${key} in ${language} with ${JSON.stringify(values)}`, () => assert.equal(speakers[language].t(key, values), want));
}

test("a value may be a node, or a list", () => {
  const [name, to] = [{}, {}]; // as if they were nodes
  assert.deepEqual(speakers.en.nodes("renamed", { name, to }), [name, " is now known as ", to]);
  assert.deepEqual(speakers.zh.nodes("someArrived", { names: [name, "和", to] }), [name, "和", to, "进来了"]);
});

test("a list has the words of its language", () => {
  const node = {};
  assert.deepEqual(speakers.en.list(["a"]), ["a"]);
  assert.deepEqual(speakers.en.list([node, "b"]), [node, " and ", "b"]);
  assert.deepEqual(speakers.zh.list([node, "b"]), [node, "和", "b"]);
});
