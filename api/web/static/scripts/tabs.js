// Parts of a view that each have an address: links, of which one is open.
import { element } from "./elements.js";
import { address, search } from "./router.js";

// parts: [[name, label]]; the first is the view's own address.
export function tabs(label, path, parts, open, kept = []) {
  const now = search();
  const settings = Object.fromEntries(kept.map((name) => [name, now[name]]));
  return element("nav", { class: "tabs", "aria-label": label }, parts.map(([name, text], at) =>
    element("a", { href: address(path, { ...settings, part: at === 0 ? null : name }), "aria-current": name === open ? "page" : null }, text)));
}

export const partOf = (settings, names) => (names.includes(settings.part) ? settings.part : names[0]);
