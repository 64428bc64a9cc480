// What the page says while there is nothing to show.
import { element } from "./elements.js";
import { text } from "./language.js";

const HOW = `suanli demo

suanli init && suanli serve
suanli generate orders --count 200 --seed 1 --out day.ndjson
suanli orders submit day.ndjson
suanli rounds clear`;

export const showLoading = () => [
  element("div", { class: "state" }, element("div", { class: "spinner", "aria-hidden": "true" }), element("p", {}, text("loading"))),
];

export const showEmpty = () => [
  element("div", { class: "state" },
    element("h1", {}, text("empty")), element("p", {}, text("empty_how")), element("pre", {}, element("code", {}, HOW))),
];

export const showError = (error, retry) => [
  element("div", { class: "state", role: "alert" },
    element("h1", {}, text("error")), element("p", {}, error.message),
    element("button", { type: "button", onclick: retry }, text("retry"))),
];
