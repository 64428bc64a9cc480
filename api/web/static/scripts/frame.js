// What stands around every view: the way to the others, language, theme, whose key is used.
import { element } from "./elements.js";
import { language, locale, switchLanguage, words } from "./language.js";
import { onPlace, place, show } from "./router.js";
import { role, signOut, whoami } from "./session.js";
import { nextTheme, theme } from "./theme.js";
import { VIEWS } from "./views.js";
import { FRAME } from "./words/frame.js";

const say = words(FRAME);
const may = (view) => !view.roles || view.roles.includes(role());

export function drawFrame() {
  document.documentElement.lang = locale();
  for (const found of document.querySelectorAll("[data-text]")) found.textContent = say(found.dataset.text);
  for (const found of document.querySelectorAll("[data-label]")) found.setAttribute("aria-label", say(found.dataset.label));
  drawMenu(place().view);
  drawTools();
}

function drawMenu(open) {
  document.title = `${say(open.name)} · ${say("brand")}`;
  const here = open.of ?? open.name;
  document.getElementById("views").replaceChildren(...VIEWS.filter((view) => view.menu && may(view)).map((view) =>
    element("a", { href: view.path, "aria-current": view.name === here ? "page" : null }, say(view.name))));
}

function drawTools() {
  const holder = whoami();
  const session = holder
    ? [element("span", { class: "who", title: holder.organisation_id ?? "" }, `${say(holder.role)}${holder.organisation_id ? ` · ${holder.organisation_id}` : ""}`),
      element("button", { type: "button", onclick: () => { signOut(); show(); } }, say("sign_out"))]
    : [element("a", { class: "button", href: "/sign-in" }, say("sign_in"))];
  document.getElementById("tools").replaceChildren(...session,
    element("button", { type: "button", id: "theme", "aria-label": say("theme_label"), onclick: () => { nextTheme(); drawTools(); } }, say(`theme_${theme()}`)),
    element("button", { type: "button", id: "language", lang: language() === "zh" ? "en" : "zh-CN", onclick: switchLanguage }, say("other_language")));
}

onPlace(drawMenu);
