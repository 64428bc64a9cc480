// What a quote comes to: the price to place, the best place, and the smallest change, each with its button.
import { element, figures } from "../elements.js";
import { cny, dayHour, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { changeWords, fitsAlready } from "../placing/change.js";
import { term } from "../terms.js";
import { SUBMIT } from "../words/submit.js";

const say = words(SUBMIT);

// `apply({ field: value })` changes the form. `order`: the request as it was asked.
export function adviceOf(quote, places, order, catalogue, apply) {
  const best = places[0];
  if (!best) return [element("p", {}, element("strong", {}, say("nowhere"))), changeAdvice(quote, order, catalogue, apply)];
  const note = say("best_note", { node: nameOf(best.node), rtt: withUnit(best.rtt_ms, term("unit_ms"), 1) });
  return [
    figures([
      { key: "price_to_place", label: say("price_to_place"), value: cny(quote.price_to_place), note: say("price_note") },
      { key: "you_pay", label: say("you_pay"), value: cny(best.price), note },
      { key: "starts", label: say("starts"), value: dayHour(best.starts_at) },
    ]),
    changeAdvice(quote, order, catalogue, apply),
  ];
}

function changeAdvice(quote, order, catalogue, apply) {
  const change = quote.smallest_change;
  if (change === null) return element("p", { class: "note" }, say("no_change"));
  if (fitsAlready(change)) return element("p", { class: "verdict good" }, say("fits_now"));
  const dearer = quote.price_to_place !== null && change.field !== "limit_price";
  return element("div", { class: "verdict warn" },
    element("p", {}, element("strong", {}, say("smallest"), ": "), changeWords(change, order, catalogue)),
    element("div", { class: "row" },
      element("button", { type: "button", class: "main", onclick: () => apply(change.field, change.to) }, say("apply_change")),
      dearer ? element("button", { type: "button", onclick: () => apply("limit_price", quote.price_to_place) }, say("apply_price", { price: cny(quote.price_to_place) })) : null));
}

export function answeredWords(places) {
  const paid = places.filter((place) => place.group !== "priced").length;
  return places.length ? say("answered", { fits: number(places.length), paid: number(paid) }) : say("nowhere");
}

export const MARGIN = 0.1;
// The limit price of a form that names none: a little above what places the order now, in whole yuan.
export const limitOf = (quote) => (quote.price_to_place === null ? null : String(Math.ceil(Number(quote.price_to_place) * (1 + MARGIN))));
export const limitHint = (limit) => say("limit_auto", { price: cny(limit, 0), margin: percent(MARGIN, 0) });
