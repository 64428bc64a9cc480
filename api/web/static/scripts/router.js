// Addresses to views: every view, order and round has its own, which can be kept and sent to somebody.
import { closeCharts } from "./chart.js";
import { whenOver } from "./life.js";
import { errorState, loadingState } from "./states.js";
import { VIEWS } from "./views.js";

let opening = new AbortController();
const listeners = new Set();

export const onPlace = (listener) => listeners.add(listener);
export const place = () => match(location.pathname);

// "/orders/{id}" against "/orders/ord_1".
function match(path) {
  const parts = path.replace(/\/+$/, "").split("/");
  for (const view of VIEWS) {
    const pattern = view.path.replace(/\/+$/, "").split("/");
    if (pattern.length !== parts.length) continue;
    const found = {};
    const fits = pattern.every((part, at) => {
      if (!part.startsWith("{")) return part === parts[at];
      found[part.slice(1, -1)] = plain(parts[at]);
      return Boolean(found[part.slice(1, -1)]);
    });
    if (fits) return { view, ids: found };
  }
  return { view: VIEWS.find((view) => view.name === "nowhere"), ids: {} };
}

// A part of an address as text; null where it is none (half of a letter, say).
function plain(part) {
  try { return decodeURIComponent(part); } catch { return null; }
}

export const search = () => Object.fromEntries(new URLSearchParams(location.search));

// The address of a place with its settings; what is null is left out, and the language of a visit stays.
export function address(path, params = {}) {
  const asked = new URLSearchParams();
  const lang = new URLSearchParams(location.search).get("lang");
  for (const [name, value] of Object.entries({ ...params, lang })) if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  const text = asked.toString();
  return path + (text ? `?${text}` : "");
}

export function go(path, params) {
  history.pushState(null, "", address(path, params));
  show();
  scrollTo(0, 0);
  document.getElementById("main").focus({ preventScroll: true });
}

// Settings of the view that is open, kept in its address without a new step in the history.
export const keep = (params) => history.replaceState(history.state, "", address(location.pathname, { ...search(), ...params }));

// Opens what the address says. A view gives back what to show and, if it has any, what to do when it is left. It lives as
// long as its `signal`, which is aborted when the view is left, fails to open, or another is asked for meanwhile.
export async function show() {
  opening.abort();
  const life = (opening = new AbortController()), mine = () => life === opening;
  const slot = document.getElementById("view");
  const { view, ids } = place();
  for (const listener of listeners) listener(view);
  slot.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => mine() && slot.replaceChildren(...loadingState()), 150);
  let opened;
  try {
    const room = await view.room();
    opened = await room.open({ ids, settings: search(), signal: life.signal });
  } catch (error) {
    life.abort();
    opened = { content: errorState(error, show) };
  }
  clearTimeout(slow);
  if (opened.close) whenOver(life.signal, opened.close);
  if (!mine()) return;
  slot.replaceChildren(...[opened.content].flat(Infinity).filter((part) => part !== null));
  closeCharts({ all: true });
  slot.setAttribute("aria-busy", "false");
  opened.shown?.();
}

export function start() {
  addEventListener("popstate", show);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.target || link.hasAttribute("download") || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    const to = new URL(link.href);
    if (to.origin !== location.origin || match(to.pathname).view.name === "nowhere") return;
    event.preventDefault();
    if (to.hash) document.querySelector(to.hash).focus(); // a part of the view that is open: it stays as it is
    else go(to.pathname, Object.fromEntries(to.searchParams));
  });
  return show();
}
