// Two languages; the choice is remembered, and ?lang=en or ?lang=zh decides for one visit.
import { en } from "./words-en.js";
import { zh } from "./words-zh.js";

const WORDS = { en, zh };
const KEY = "suanli.language";
let current = firstChoice();

function firstChoice() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked in WORDS) return asked;
  const remembered = localStorage.getItem(KEY);
  if (remembered in WORDS) return remembered;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = () => current;
export const text = (key) => WORDS[current][key] ?? key;
export const nameOf = (thing) => thing[`name_${current}`];

export function switchLanguage() {
  current = current === "zh" ? "en" : "zh";
  localStorage.setItem(KEY, current);
  const address = new URL(location.href);
  address.searchParams.set("lang", current);
  history.replaceState(null, "", address);
}

// Words that stand in index.html itself.
export function translateFrame() {
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
  const toggle = document.getElementById("language");
  toggle.textContent = text("other_language");
  toggle.lang = current === "zh" ? "en" : "zh-CN";
}

// Numbers as the language writes them; what is not there is a dash.
export function number(value, places = 0) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(current === "zh" ? "zh-CN" : "en-GB", {
    minimumFractionDigits: places, maximumFractionDigits: places,
  }).format(value);
}

export const percent = (share, places = 1) => (share === null || share === undefined ? "–" : `${number(share * 100, places)}%`);

export function moment(iso) {
  return new Intl.DateTimeFormat(current === "zh" ? "zh-CN" : "en-GB", {
    timeZone: "Asia/Shanghai", dateStyle: "medium", timeStyle: "short",
  }).format(new Date(iso));
}
