// What there is for an order now: a picture, and the same as a table.
import { amount } from "../amount.js";
import { chartCard } from "../chart.js";
import { element, select, table } from "../elements.js";
import { cny, dayHour } from "../format.js";
import { nameOf, words } from "../language.js";
import { AXES, axisNames } from "../placing/axes.js";
import { scatterOption } from "../placing/scatter.js";
import { sideTag, term } from "../terms.js";
import { PLACING } from "../words/placing.js";
import { SUBMIT } from "../words/submit.js";

const say = words(SUBMIT), name = words(PLACING);
const SHOWN = 8;

// Options of the API, cheapest first, with their centres and with whether the limit price covers them.
export function placesOf(quote, limit, { nodes, regions }) {
  const known = quote.options.filter((option) => nodes.has(option.node_id));
  const paid = (option) => limit === null || Number(option.cost) <= Number(limit);
  return known.map((option, at) => {
    const node = nodes.get(option.node_id);
    return { ...option, node, region: regions.get(node.region_id), group: !paid(option) ? "priced" : at === 0 ? "best" : "fits", why: null };
  });
}

// `state` keeps the axes; `shown()` gives { places, order } of today's quote.
export function optionsCard(state, shown, moved) {
  const axis = (key, label) => {
    const choice = select(axisNames(), state[key], { "aria-label": label, onchange: ({ target }) => { state[key] = target.value; moved(); made.update(); } });
    return element("label", { class: "axis" }, label, " ", choice);
  };
  const made = chartCard({
    title: say("options"), note: `${name("cost_note")} ${name("size_note")}`, name: "quote", height: 380,
    tools: [axis("x", name("horizontal")), axis("y", name("vertical"))],
    draw: () => { const { places, order } = shown(); return scatterOption(places, { x: state.x, y: state.y, order }); },
    data: () => ({ columns: columns(), rows: shown().places.map((place) => cells(place)) }),
  });
  return made;
}

const UNITS = { price: "unit_cny", cost: "unit_cny", rtt: "unit_ms", carbon: "unit_kg", carbon_contract: "unit_kg" };
const columns = () => ["node", "verdict", "price", "cost", "rtt", "starts", "carbon", "carbon_contract", "device"]
  .map((key) => ({ label: say(key), word: ["node", "device", "verdict"].includes(key), unit: UNITS[key] && term(UNITS[key]) }));

function cells(place, devices = null) {
  return [
    nameOf(place.node), say(place.group === "priced" ? "above" : "within"), amount(place.price, cny), amount(place.cost, cny), amount(place.rtt_ms, AXES.rtt.write), amount(place.starts_at, dayHour),
    amount(place.carbon_kg_location, AXES.carbon_location.write), amount(place.carbon_kg_market, AXES.carbon_market.write), devices?.has(place.device_id) ? nameOf(devices.get(place.device_id)) : place.device_id,
  ];
}

export function optionsTable(places, { devices }) {
  const rows = places.map((place) => {
    const [, verdict, ...rest] = cells(place, devices);
    const tag = element("span", { class: `tag ${place.group === "priced" ? "warn" : "good"}` }, verdict);
    return [element("span", {}, nameOf(place.node), " ", sideTag(place.region.side)), tag, ...rest];
  });
  const slot = element("div", { class: "options" }, table(say("options_table"), columns(), rows.slice(0, SHOWN)));
  slot.querySelector("tbody tr")?.classList.toggle("ours", places[0]?.group === "best");
  if (rows.length > SHOWN) {
    const all = element("button", { type: "button", class: "more", onclick: () => slot.replaceChildren(table(say("options_table"), columns(), rows)) }, say("show_all", { count: rows.length }));
    slot.append(all);
  }
  return slot;
}

