// Flows as lines: summed by region where the map is small, by job class where it is large; the small ones are left out.
import { flowKw } from "./reading.js";
import { classColour } from "../terms.js";
import { colour } from "../theme.js";

const MOST_SUMMED = 160;
const MOST_SINGLE = 2000;

// [{ from, to, jobClass, mixed, kw, orders }] at an hour, largest last so that they are drawn on top. Where a flow sums several
// classes (mixed), `jobClass` is the one with most power, and gives its line the colour.
export function flowsAt(schedule, { hour, jobClass, local, apart }) {
  const hours = schedule.hours.length;
  const found = new Map();
  for (const flow of schedule.flows) {
    if (jobClass && flow.job_class !== jobClass) continue;
    if (!local && flow.from_region === flow.to_region) continue;
    const kw = flowKw(flow, hour, hours);
    if (kw <= 0) continue;
    const key = apart ? `${flow.from_region}>${flow.to_region}>${flow.job_class}` : `${flow.from_region}>${flow.to_region}`;
    const known = found.get(key);
    if (!known) found.set(key, { from: flow.from_region, to: flow.to_region, jobClass: flow.job_class, mixed: false, kw, orders: flow.orders, largest: kw });
    else {
      known.kw += kw;
      known.orders += flow.orders;
      known.mixed = true;
      if (kw > known.largest) Object.assign(known, { largest: kw, jobClass: flow.job_class });
    }
  }
  const largestFirst = [...found.values()].sort((a, b) => b.kw - a.kw || (a.from + a.to < b.from + b.to ? -1 : 1));
  return largestFirst.slice(0, apart ? MOST_SINGLE : MOST_SUMMED).reverse();
}

// kW of the largest of these flows and of those on maps beside theirs, which have the same scale.
export const largestFlow = (flows, beside, state) => Math.max(1e-9, ...[flows, ...beside.map(({ schedule }) => flowsAt(schedule, state))].map((shown) => shown.at(-1)?.kw ?? 0));

// ECharts' lines: bent to one side, so that there and back do not cover each other.
export function flowLines(flows, regions, widest, largest) {
  const at = (id) => [regions.get(id).lon, regions.get(id).lat];
  const paint = Object.fromEntries([...new Set(flows.map((flow) => flow.jobClass))].map((name) => [name, colour(classColour(name))]));
  return flows.map((flow) => ({
    coords: [at(flow.from), at(flow.to)],
    flow,
    lineStyle: { color: paint[flow.jobClass], width: 0.6 + widest * Math.sqrt(flow.kw / largest), opacity: 0.3 + 0.5 * Math.sqrt(flow.kw / largest), curveness: 0.22 },
  }));
}
