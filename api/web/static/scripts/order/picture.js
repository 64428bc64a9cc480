// The candidates of an order as a picture with its limits as lines, and as a table of what each would have cost.
import { amount } from "../amount.js";
import { chartCard } from "../chart.js";
import { card, denseTable, element, select } from "../elements.js";
import { cny, number } from "../format.js";
import { nameOf, words } from "../language.js";
import { AXES, axisNames, axisOr } from "../placing/axes.js";
import { scatterOption } from "../placing/scatter.js";
import { keep } from "../router.js";
import { term, termOr } from "../terms.js";
import { ORDER } from "../words/order.js";
import { PLACING } from "../words/placing.js";

const say = words(ORDER), name = words(PLACING);

// `shown()` gives { order, explanation, places } of now.
export function candidatesPicture(settings, shown) {
  const axes = { x: axisOr(settings.x, "rtt"), y: axisOr(settings.y, "cost") };
  const axis = (key, label) => element("label", { class: "axis" }, label, " ",
    select(axisNames(), axes[key], { onchange: ({ target }) => { axes[key] = target.value; keep({ [key]: target.value }); made.update(); } }));
  const made = chartCard({
    title: say("candidates"), note: `${name("cost_note")} ${name("size_note")}`, name: `${shown().order.id}-candidates`, height: 460,
    tools: [axis("x", name("horizontal")), axis("y", name("vertical"))],
    draw: () => {
      const { order, explanation, places } = shown();
      const marked = [explanation.decided_by?.node, explanation.smallest_change?.node_id];
      return scatterOption(places, { ...axes, order, marked: new Set(marked.filter(Boolean)) });
    },
    data: () => candidatesTable(shown()),
  });
  return made;
}

const signed = (write) => (value) => (value === null || value === undefined ? "–" : `${Number(value) > 0 ? "+" : Number(value) < 0 ? "−" : ""}${write(Math.abs(Number(value)))}`);

const UNITS = { price: "unit_cny", cost: "unit_cny", more: "unit_cny", rtt: "unit_ms", carbon: "unit_kg", carbon_contract: "unit_kg", more_carbon: "unit_kg" };

// Placed: what each alternative would have cost, beside what was granted. Waiting: what there is.
export function candidatesTable({ explanation, places }) {
  const placed = explanation.allocation !== null;
  const keys = ["node", "verdict", "price", "cost", ...(placed ? ["more"] : []), "rtt", "carbon", "carbon_contract", ...(placed ? ["more_carbon"] : []), "why"];
  const columns = keys.map((key) => ({ label: say(key === "verdict" ? "verdict_column" : key), word: ["node", "verdict", "why"].includes(key), unit: UNITS[key] && term(UNITS[key]) }));
  const rank = { chosen: 0, fits: 1, dearer: 2, priced: 3, busy: 4, ruled: 5 };
  const rows = [...places].sort((a, b) => rank[a.group] - rank[b.group] || Number(a.cost) - Number(b.cost)).map((place) => [
    nameOf(place.node), name(`group_${place.group}`), amount(place.price, cny), amount(place.cost, cny), ...(placed ? [amount(place.cost_difference, signed(cny))] : []), amount(place.rtt_ms, AXES.rtt.write),
    amount(place.carbon_kg_location, AXES.carbon_location.write), amount(place.carbon_kg_market, AXES.carbon_market.write),
    ...(placed ? [amount(place.carbon_kg_location_difference, signed(AXES.carbon_location.write))] : []), place.why ?? (place.code ? termOr(place.code) : ""),
  ]);
  return { columns, rows };
}

export const unplacedWords = (explanation, places) => {
  const drawn = new Set(places.map((place) => place.node_id));
  const missing = explanation.reasons.filter((reason) => !drawn.has(reason.node)).length;
  return missing ? say("not_drawn", { count: number(missing) }) : null;
};

const SHOWN = 10;

export function alternativesCard(shown) {
  const { columns, rows } = candidatesTable(shown);
  const slot = element("div", {}, denseTable(say("alternatives"), columns, rows.slice(0, SHOWN)));
  if (shown.explanation.allocation) slot.querySelector("tbody tr")?.classList.add("ours");
  if (rows.length > SHOWN) slot.append(element("button", { type: "button", class: "more", onclick: () => slot.replaceChildren(denseTable(say("alternatives"), columns, rows)) }, say("show_all", { count: number(rows.length) })));
  return card(say("alternatives"), say(shown.explanation.allocation ? "alternatives_placed" : "alternatives_waiting"), slot);
}
