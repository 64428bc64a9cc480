// An explanation in a few lines: what decided, how the order stands, and the least to change, with the button that does.
import { card, element } from "../elements.js";
import { cny, moment, number } from "../format.js";
import { words } from "../language.js";
import { changeWords, fitsAlready } from "../placing/change.js";
import { nodeName, reasonWords } from "../placing/reasons.js";
import { termOr } from "../terms.js";
import { once, problemLine } from "../submit/busy.js";
import { ORDER } from "../words/order.js";
import { waits } from "./changing.js";

const say = words(ORDER);

// `apply(changes)` amends the order; `exchange` tells when the next round is due.
export function verdictCard(order, explanation, catalogue, exchange, apply) {
  if (explanation.allocation) return card(say("verdict"), null, placedVerdict(explanation, catalogue));
  if (!waits(order) && order.state !== "draft") return card(say("verdict"), null, element("p", { class: "verdict" }, explanation.code ? say("over", { code: termOr(explanation.code) }) : say("over_plain")));
  return card(say("verdict"), null, waitingVerdict(explanation), changeVerdict(order, explanation, catalogue, exchange, apply), standing(explanation.forecast));
}

function placedVerdict({ decided_by: decided, alternatives }, catalogue) {
  if (!decided) return element("p", { class: "verdict good" }, say("placed_plain"));
  if (decided.code === "CHEAPEST") return element("p", { class: "verdict good" }, say("placed_cheapest", { count: number(alternatives.length) }));
  return element("p", { class: "verdict good" }, say("placed_despite", {
    node: nodeName(catalogue, decided.node), cost: cny(decided.cost), here: cny(decided.cost_here), code: termOr(decided.code), why: reasonWords(decided, catalogue),
  }));
}

function waitingVerdict({ round_id: roundId, code: closest, smallest_change: change }) {
  const code = roundId === null && fitsAlready(change) ? null : closest;
  const round = roundId ? element("a", { href: `/rounds/${roundId}` }, say("that_round")) : null;
  return element("p", {}, round ? [say("round_said"), " ", round, say("colon")] : [say("market_says"), " "], element("strong", {}, code ? termOr(code) : say("nothing_against")));
}

function changeVerdict(order, { smallest_change: change, price_to_place: price }, catalogue, exchange, apply) {
  if (change === null) return element("p", { class: "verdict warn" }, say("no_change"));
  const next = exchange.next_round_at ? say("next_round_at", { at: moment(exchange.next_round_at) }) : say("next_round_asked");
  if (fitsAlready(change)) return element("p", { class: "verdict good" }, say(order.state === "draft" ? "draft_fits" : "fits_now", { node: nodeName(catalogue, change.node_id) }), " ", next);
  const problem = element("div");
  const press = (label, changes, kind) => {
    const button = element("button", { type: "button", class: kind, onclick: () => once(button, () => apply(changes), (error) => problem.replaceChildren(problemLine(error))) }, label);
    return button;
  };
  const dearer = price !== null && change.field !== "limit_price";
  return element("div", { class: "verdict warn" },
    element("p", {}, element("strong", {}, say("smallest")), " ", changeWords(change, order, catalogue)),
    element("div", { class: "row" }, press(say("apply_change"), { [change.field]: change.to }, "main"), dearer ? press(say("apply_price", { price: cny(price) }), { limit_price: price }, null) : null),
    problem, element("p", {}, element("small", {}, say("proven"), " ", next)));
}

function standing(forecast) {
  if (!forecast) return null;
  const when = forecast.latest === null ? say("forecast_open", { earliest: moment(forecast.earliest) }) : say("forecast", { earliest: moment(forecast.earliest), latest: moment(forecast.latest) });
  return element("dl", { class: "facts" },
    element("dt", {}, say("rank")), element("dd", {}, say("rank_of", { rank: number(forecast.rank), of: number(forecast.of_orders) }), " ", element("small", {}, say("ahead", { count: number(forecast.orders_ahead) }))),
    element("dt", {}, say("expected")), element("dd", {}, when, " ", element("small", {}, say(`basis_${forecast.basis}`))));
}
