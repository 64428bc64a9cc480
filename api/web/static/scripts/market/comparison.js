// The round beside what simpler rules would have done with the same orders.
import { card, denseTable, element, figures, select } from "../elements.js";
import { cny, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { sideTag, term } from "../terms.js";
import { MARKET } from "../words/market.js";

const say = words(MARKET);
const MOST_FLOWS = 12;
const MEASURES = [
  ["m_placed", (f) => number(f.placed)],
  ["m_value", (f) => cny(f.value_micros / 1e6, 0)],
  ["m_gap", (f) => percent(f.gap, 2)],
  ["m_spend", (f) => cny(f.spend_cny, 0)],
  ["m_rtt", (f) => withUnit(f.rtt_ms_mean, term("unit_ms"), 1)],
  ["m_rtt95", (f) => withUnit(f.rtt_ms_p95, term("unit_ms"), 1)],
  ["m_energy", (f) => withUnit(f.facility_kwh, term("unit_kwh"))],
  ["m_pue", (f) => number(f.pue_mean, 3)],
  ["m_cl", (f) => withUnit(f.carbon_kg_location, term("unit_kg"))],
  ["m_cm", (f) => withUnit(f.carbon_kg_market, term("unit_kg"))],
  ["m_west", (f) => percent(f.west_share_of_eastern_demand)],
];

// Headline figures; beside each, how it differs from a baseline where one is chosen.
export function headline(round, baseline) {
  const ours = round.figures.solver, theirs = round.figures.baselines[baseline];
  const beside = (own, other, write, note, writeDifference) => {
    if (!theirs) return note;
    const rule = term(baseline);
    if (write(own) === write(other)) return say("same", { rule });
    return say("difference", { change: say(own > other ? "more_by" : "less_by", { amount: writeDifference(Math.abs(own - other)) }), rule });
  };
  const figure = (key, own, other, write, note = null, { kind = "", writeDifference = write } = {}) =>
    ({ key, label: say(key), value: write(own), note: beside(own, other, write, note, writeDifference), kind });
  const points = (places) => (v) => say("points", { points: number(v * 100, places) });
  const of = (name) => [ours[name], theirs?.[name]];
  return figures([
    figure("placed", ...of("placed"), (v) => number(v), say("placed_note", { orders: number(round.orders) })),
    figure("gap", ...of("gap"), (v) => percent(v, 2), say("gap_note"), { kind: "proof", writeDifference: points(2) }),
    figure("value", ours.value_micros / 1e6, theirs && theirs.value_micros / 1e6, (v) => cny(v, 0), say("value_note")),
    figure("spend", ...of("spend_cny"), (v) => cny(v, 0)),
    figure("rtt", ...of("rtt_ms_mean"), (v) => withUnit(v, term("unit_ms"), 1)),
    figure("energy", ...of("facility_kwh"), (v) => withUnit(v, term("unit_kwh"))),
    figure("carbon_location", ...of("carbon_kg_location"), (v) => withUnit(v, term("unit_kg"))),
    figure("carbon_market", ...of("carbon_kg_market"), (v) => withUnit(v, term("unit_kg"))),
    figure("west", ...of("west_share_of_eastern_demand"), (v) => percent(v), say("west_note"), { writeDifference: points(1) }),
  ]);
}

export const baselineChoice = (round, chosen, choose) =>
  select([["", say("no_comparison")], ...Object.keys(round.figures.baselines).map((name) => [name, term(name)])], chosen ?? "", {
    onchange: (event) => choose(event.target.value || null),
  });

export function comparisonCard(round) {
  const rules = { solver: round.figures.solver, ...round.figures.baselines };
  const columns = [{ label: say("rule"), word: true }, ...Object.keys(rules).map((name) => ({ label: term(name) }))];
  const rows = MEASURES.map(([key, show]) => [say(key), ...Object.values(rules).map(show)]);
  return card(say("compare"), say("compare_note"), denseTable(say("compare"), columns, rows, { ours: 1 }), element("p", { class: "note" }, term("carbon_both")));
}

export function flowsCard({ round, regions }) {
  const between = round.figures.flows.filter((flow) => flow.from_region !== flow.to_region).slice(0, MOST_FLOWS);
  const place = (id, side) => element("span", {}, nameOf(regions.get(id)), " ", sideTag(side));
  const rows = between.map((flow) => [
    place(flow.from_region, flow.from_side), place(flow.to_region, flow.to_side), term(flow.job_class), number(flow.orders), withUnit(flow.it_kwh, term("unit_kwh")),
  ]);
  const columns = [["from", true], ["to", true], ["job_class", true], ["orders", false], ["it_kwh", false]].map(([key, word]) => ({ label: say(key), word }));
  return card(say("flows"), say("flows_note"), denseTable(say("flows"), columns, rows));
}

export function classesCard({ round }) {
  const rows = Object.entries(round.figures.solver.by_job_class).map(([name, f]) => [
    term(name), `${number(f.placed)} / ${number(f.orders)}`, withUnit(f.rtt_ms_mean, term("unit_ms"), 1), withUnit(f.rtt_ms_p95, term("unit_ms"), 1), percent(f.west_share_of_eastern_demand, 0),
  ]);
  const columns = [["job_class", true], ["m_placed", false], ["m_rtt", false], ["m_rtt95", false], ["m_west", false]].map(([key, word]) => ({ label: say(key), word }));
  return card(say("by_class"), say("by_class_note"), denseTable(say("by_class"), columns, rows));
}
