// Light, dark, or as the system says. Charts are drawn in the page's own colours.

const KEY = "suanli.theme";
const CHOICES = ["system", "light", "dark"];
const dark = matchMedia("(prefers-color-scheme: dark)");
const paper = matchMedia("print");
const listeners = new Set();
let chosen = CHOICES.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "system";

export const theme = () => chosen;

function apply() {
  const asked = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  document.documentElement.dataset.theme = paper.matches ? "light" : asked;
  for (const listener of listeners) listener();
}

export function nextTheme() {
  chosen = CHOICES[(CHOICES.indexOf(chosen) + 1) % CHOICES.length];
  localStorage.setItem(KEY, chosen);
  apply();
}

export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// A colour of tokens.css: colour("accent").
export const colour = (token) => getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();

dark.addEventListener("change", apply);
paper.addEventListener("change", apply);
apply();
