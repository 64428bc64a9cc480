// The tables of a round.
import { element, table } from "./elements.js";
import { nameOf, number, percent, text } from "./language.js";
import { listedKilowatts } from "./capacity.js";

const MOST_FLOWS = 10;
const MEASURES = [
  ["orders_placed", (f) => number(f.placed)],
  ["value_cny", (f) => number(f.value_micros / 1e6)],
  ["gap_bound", (f) => percent(f.gap, 2)],
  ["spend", (f) => number(f.spend_cny)],
  ["rtt_mean", (f) => number(f.rtt_ms_mean, 1)],
  ["rtt_p95", (f) => number(f.rtt_ms_p95, 1)],
  ["energy", (f) => number(f.facility_kwh)],
  ["pue", (f) => number(f.pue_mean, 3)],
  ["carbon_location", (f) => number(f.carbon_kg_location)],
  ["carbon_market", (f) => number(f.carbon_kg_market)],
  ["west", (f) => percent(f.west_share_of_eastern_demand)],
];

const word = (key) => ({ label: text(key), word: true });
const figure = (key) => ({ label: text(key), word: false });
const sideName = (side) => text(side === "west" ? "west_side" : side);
export const sideTag = (side) => element("span", { class: `tag ${side}` }, sideName(side));

export function comparisonTable(figures) {
  const rules = { solver: figures.solver, ...figures.baselines };
  const rows = MEASURES.map(([key, show]) => [text(key), ...Object.values(rules).map(show)]);
  return table(text("compare"), [word("rule"), ...Object.keys(rules).map(figure)], rows, 1);
}

export function classTable(figures) {
  const rows = Object.entries(figures.solver.by_job_class).map(([name, f]) => [
    text(name), `${number(f.placed)} / ${number(f.orders)}`, number(f.rtt_ms_mean, 1), number(f.rtt_ms_p95, 1),
    percent(f.west_share_of_eastern_demand, 0),
  ]);
  return table(text("classes"), [word("job_class"), figure("orders_placed"), figure("rtt_mean"), figure("rtt_p95"), figure("west")], rows);
}

export function flowTable({ round, regions }) {
  const between = round.figures.flows.filter((flow) => flow.from_region !== flow.to_region).slice(0, MOST_FLOWS);
  const place = (id, side) => element("span", {}, nameOf(regions.get(id)), " ", sideTag(side));
  const rows = between.map((flow) => [
    place(flow.from_region, flow.from_side), place(flow.to_region, flow.to_side), text(flow.job_class),
    number(flow.orders), number(flow.it_kwh),
  ]);
  return table(text("flows"), [word("from"), word("to"), word("job_class"), figure("orders"), figure("it_kwh")], rows);
}

export function utilisationTable(figures) {
  const rows = Object.entries(figures.solver.utilisation).map(([side, share]) => [sideTag(side), percent(share.before), percent(share.after)]);
  return table(text("utilisation"), [word("side"), figure("before"), figure("after")], rows);
}

export function nodeTable(found) {
  const listed = listedKilowatts(found);
  const rows = [...found.nodes.values()].map((node) => {
    const region = found.regions.get(node.region_id);
    const tariff = node.tariff_per_kwh.map(Number);
    const [low, high] = [Math.min(...tariff), Math.max(...tariff)];
    return [
      nameOf(node), element("span", {}, nameOf(region), " ", sideTag(region.side)), number(listed.get(node.id) ?? 0), number(node.pue, 2),
      text(node.cooling), percent(node.green_share, 0), low === high ? number(low, 2) : `${number(low, 2)}–${number(high, 2)}`,
    ];
  });
  const columns = [word("node"), word("region"), figure("capacity"), figure("pue"), word("cooling"), figure("green"), figure("tariff")];
  return table(text("nodes"), columns, rows);
}
