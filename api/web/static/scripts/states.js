// What a view says while there is nothing to show yet, nothing at all, or something went wrong.
import { element } from "./elements.js";
import { words } from "./language.js";
import { FRAME } from "./words/frame.js";

const say = words(FRAME);

export const loadingState = () => [
  element("div", { class: "state" }, element("div", { class: "spinner", "aria-hidden": "true" }), element("p", { role: "status" }, say("loading"))),
];

// `what` tells in words what is missing, `next` what to do about it (elements or text).
export const emptyState = (what, ...next) => [
  element("div", { class: "state" }, element("h1", {}, what), element("div", { class: "note" }, ...next)),
];

export function errorState(error, again) {
  const code = error.code ?? "page_error";
  return [
    element("div", { class: "state", role: "alert" },
      element("h1", {}, say("could_not_be_read")),
      element("p", {}, error.message),
      error.body ? element("p", { class: "note" }, element("a", { href: `/problems/${code}` }, code)) : null,
      element("button", { type: "button", onclick: again }, say("try_again"))),
  ];
}

export const signInState = (roles) => [
  element("div", { class: "state" },
    element("h1", {}, say("needs_key")),
    element("p", { class: "note" }, say("needs_role", { roles: roles.map((role) => say(role)).join(" / ") })),
    element("a", { class: "button", href: `/sign-in?${new URLSearchParams({ to: location.pathname + location.search })}` }, say("sign_in"))),
];

let leaving = null;
export function notice(text, kind = "good") {
  const slot = document.getElementById("notices");
  slot.replaceChildren(element("p", { class: `notice ${kind}` }, text));
  clearTimeout(leaving);
  leaving = setTimeout(() => slot.replaceChildren(), 8000);
}
