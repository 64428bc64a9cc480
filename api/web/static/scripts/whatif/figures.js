// The figures of two scenarios beside each other, and what lies between them.
import { card, element, table } from "../elements.js";
import { cny, number, percent, withUnit } from "../format.js";
import { words } from "../language.js";
import { term } from "../terms.js";
import { MARKET } from "../words/market.js";
import { WHATIF } from "../words/whatif.js";

const say = words(WHATIF), name = words(MARKET);

// What is read, how it is written, and which way is better. 0: neither, as of sums, which are smaller where fewer orders are placed.
export const MEASURES = [
  ["m_placed", (f) => f.placed, (v) => number(v), 1],
  ["m_value", (f) => f.value_micros / 1e6, (v) => cny(v, 0), 0],
  ["m_gap", (f) => f.gap, (v) => percent(v, 2), 0],
  ["m_spend", (f) => f.spend_cny, (v) => cny(v, 0), 0],
  ["m_rtt", (f) => f.rtt_ms_mean, (v) => withUnit(v, term("unit_ms"), 2), -1],
  ["m_rtt95", (f) => f.rtt_ms_p95, (v) => withUnit(v, term("unit_ms"), 2), -1],
  ["m_energy", (f) => f.facility_kwh, (v) => withUnit(v, term("unit_kwh")), 0],
  ["m_pue", (f) => f.pue_mean, (v) => number(v, 3), -1],
  ["m_cl", (f) => f.carbon_kg_location, (v) => withUnit(v, term("unit_kg")), 0],
  ["m_cm", (f) => f.carbon_kg_market, (v) => withUnit(v, term("unit_kg")), 0],
  ["m_west", (f) => f.west_share_of_eastern_demand, (v) => percent(v), 0],
];

const PER_ORDER = new Set(["m_spend", "m_energy", "m_cl", "m_cm"]);
const relative = (change, from) => (from ? ` (${change > 0 ? "+" : "−"}${number(Math.abs(100 * change / from), 1)}%)` : "");

function difference(one, other, write, better, share) {
  if (one === null || other === null) return "–";
  const change = other - one;
  if (change === 0) return say("same");
  const kind = better === 0 ? "" : Math.sign(change) === better ? "better" : "worse";
  return element("span", { class: kind }, `${change > 0 ? "+" : "−"}${share ? say("share_points", { points: number(100 * Math.abs(change), 2) }) : write(Math.abs(change)) + relative(change, one)}`);
}

// a, b and asIs are outcomes of the API; asIs is left out where it is one of them.
export function figuresCard(a, b, asIs) {
  const shown = [["a", a], ["b", b], ...(asIs === a || asIs === b ? [] : [["as_is", asIs]])];
  const columns = [{ label: say("measure"), word: true }, ...shown.map(([key]) => ({ label: key === "as_is" ? say("as_is") : say("scenario", { name: key.toUpperCase() }) })), { label: say("b_less_a") }];
  const line = ([key, read, write, better]) => [
    name(key), ...shown.map(([, outcome]) => write(read(outcome.figures))),
    difference(read(a.figures), read(b.figures), write, better, key === "m_gap" || key === "m_west"),
  ];
  const each = ([key, read, write]) => {
    const of = (outcome) => (outcome.figures.placed ? read(outcome.figures) / outcome.figures.placed : null);
    const fine = (value) => (value === null ? "–" : write(value));
    return [say("each", { measure: name(key) }), ...shown.map(([, outcome]) => fine(of(outcome))), difference(of(a), of(b), write, -1, false)];
  };
  const fine = { m_spend: (v) => cny(v, 2), m_energy: (v) => withUnit(v, term("unit_kwh"), 2), m_cl: (v) => withUnit(v, term("unit_kg"), 2), m_cm: (v) => withUnit(v, term("unit_kg"), 2) };
  const rows = [...MEASURES.map(line), ...MEASURES.filter(([key]) => PER_ORDER.has(key)).map(([key, read]) => each([key, read, fine[key]]))];
  const ended = [a, b].map((outcome, at) => `${"AB"[at]}: ${term(outcome.status)}, ${number(outcome.seconds, 1)} s`).join(" · ");
  return card(say("figures"), say("figures_note"), table(say("figures"), columns, rows), element("p", { class: "note" }, ended, " · ", term("carbon_both")));
}
