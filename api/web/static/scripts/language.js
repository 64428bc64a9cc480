// Two languages. `?lang=en` or `?lang=zh` decides; otherwise what was chosen last, otherwise the browser.
// Words live in words/<room>.js as { zh: {…}, en: {…} }; a room's words are asked for by its own `words(room)`.

const KEY = "suanli.language";
const LOCALES = { zh: "zh-CN", en: "en-GB" };
let current = firstChoice();
const listeners = new Set();

function firstChoice() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked !== null && Object.hasOwn(LOCALES, asked)) return asked;
  const remembered = localStorage.getItem(KEY);
  if (remembered !== null && Object.hasOwn(LOCALES, remembered)) return remembered;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = () => current;
export const locale = () => LOCALES[current];

// words(room)("placed") is that word in the reader's language now; {names} in it are filled from the second argument.
export const words = (room) => (key, given = {}) => {
  const found = room[current][key];
  if (found === undefined) throw new Error(`no ${current} word for ${key}`);
  return found.replace(/\{(\w+)\}/g, (_, name) => given[name]);
};
export const hasWord = (room, key) => Object.hasOwn(room[current], key);
export const nameOf = (thing) => thing[`name_${current}`];

export function switchLanguage() {
  current = current === "zh" ? "en" : "zh";
  localStorage.setItem(KEY, current);
  const address = new URL(location.href);
  if (address.searchParams.has("lang")) {
    address.searchParams.set("lang", current);
    history.replaceState(history.state, "", address);
  }
  for (const listener of listeners) listener();
}

export const onLanguage = (listener) => listeners.add(listener);
