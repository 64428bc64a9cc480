// Why not there: each reason in words with the figures that decided, and reasons gathered by code.
import { element } from "../elements.js";
import { cny, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { term, termOr } from "../terms.js";
import { PLACING } from "../words/placing.js";

const say = words(PLACING);
const ms = (value) => withUnit(value, term("unit_ms"), 1);

const FACTS = {
  NO_SUCH_DEVICE: ({ device }, { devices }) => (device ? say("why_device", { device: devices.has(device) ? nameOf(devices.get(device)) : device }) : ""),
  TOO_FAR: (facts) => say("why_far", { rtt: ms(facts.rtt_ms), limit: ms(facts.max_rtt_ms) }),
  NOT_ALLOWED_THERE: whyNotAllowed,
  TOO_LARGE: whySize,
  TOO_LATE: (facts) => (facts.slots_needed ? say("why_late", { needed: number(facts.slots_needed), window: number(facts.slots_in_window) }) : ""),
  PRICED_OUT: whyPrice,
  NO_CAPACITY: whyBusy,
  NO_POWER: whyBusy,
  NOT_THIS_ROUND: whyNotNow,
  DEARER: () => say("why_dearer"),
  CHEAPEST: () => say("why_cheapest"),
};

// One reason's figures as a sentence; empty where there are none to tell.
export const reasonWords = (reason, catalogue) => FACTS[reason.code]?.(reason, catalogue) ?? "";

function whyNotAllowed(facts, { regions }) {
  if (facts.max_pue !== undefined) return say("why_pue", { pue: number(facts.pue, 2), limit: number(facts.max_pue, 2) });
  if (facts.min_green_share !== undefined) return say("why_green", { green: percent(facts.green_share, 0), limit: percent(facts.min_green_share, 0) });
  return facts.region ? say("why_region", { region: regions.has(facts.region) ? nameOf(regions.get(facts.region)) : facts.region }) : "";
}

function whySize(facts) {
  const units = number(facts.units, facts.units < 1 ? 1 : 0);
  if (facts.min_units_per_order !== undefined) return say("why_small", { units, least: number(facts.min_units_per_order) });
  return facts.largest_order_units === undefined ? "" : say("why_large", { units, most: number(facts.largest_order_units) });
}

function whyPrice(facts) {
  return facts.cost === undefined ? "" : say("why_price", { cost: cny(facts.cost), limit: cny(facts.limit_price) });
}

function whyBusy(facts) {
  return facts.busy_hours ? say("why_busy", { busy: number(facts.busy_hours), needed: number(facts.slots_needed) }) : "";
}

function whyNotNow(facts) {
  if (facts.cost_of_free_slot !== undefined) return say("why_free_slot", { cost: cny(facts.cost_of_free_slot) });
  return facts.congestion !== undefined ? say("why_congestion", { congestion: cny(facts.congestion) }) : "";
}

const SEVERITY = ["NOT_THIS_ROUND", "NO_POWER", "NO_CAPACITY", "PRICED_OUT", "TOO_LATE", "TOO_LARGE", "NOT_ALLOWED_THERE", "TOO_FAR", "NO_SUCH_DEVICE"];

// Reasons gathered by code, the one that came closest first; each opens to its nodes.
export function reasonGroups(reasons, catalogue, open = null) {
  const codes = SEVERITY.filter((code) => reasons.some((reason) => reason.code === code));
  return codes.map((code) => {
    const those = reasons.filter((reason) => reason.code === code);
    const lines = those.map((reason) => element("li", {}, element("strong", {}, nodeName(catalogue, reason.node)), " ", element("span", { class: "fact" }, reasonWords(reason, catalogue))));
    return element("details", { class: "why", open: code === open }, element("summary", {}, element("span", {}, termOr(code)), element("small", {}, say("nodes", { count: number(those.length) }))),
      element("p", { class: "note" }, say(`about_${code}`)), element("ul", {}, lines));
  });
}

export const nodeName = ({ nodes }, id) => (nodes.has(id) ? nameOf(nodes.get(id)) : id);
