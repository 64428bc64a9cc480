// A schematic of the country: regions as dots at their coordinates, placed work as curves. No borders are drawn.
import { listedByRegion } from "./capacity.js";
import { drawn, element } from "./elements.js";
import { nameOf, number, text } from "./language.js";
import { placeLabels } from "./labels.js";

// A narrow screen gets a smaller sheet, so that names stay readable on it.
export const narrow = matchMedia("(max-width: 700px)");
const WIDE_SHEET = { width: 920, height: 800, margin: 64, dot: 19, curve: 11 };
const NARROW_SHEET = { width: 380, height: 340, margin: 26, dot: 10, curve: 6 };
const MOST_CURVES = 70;
const CLASSES = ["training_large", "training_small", "inference_realtime", "inference_interactive", "inference_batch", "hpc", "rendering", "general"];
const colour = (jobClass) => `c${CLASSES.indexOf(jobClass) + 1 || 8}`;

// Longitude and latitude to the sheet: equirectangular, true to scale at 35 degrees north.
function projection(regions, { width, height, margin }) {
  const places = [...regions.values()].map((region) => [region.lon * Math.cos((35 * Math.PI) / 180), region.lat]);
  const [west, east] = [Math.min(...places.map(([x]) => x)), Math.max(...places.map(([x]) => x))];
  const [south, north] = [Math.min(...places.map(([, y]) => y)), Math.max(...places.map(([, y]) => y))];
  const scale = Math.min((width - 2 * margin) / (east - west || 1), (height - 2 * margin) / (north - south || 1));
  const [left, top] = [(width - scale * (east - west)) / 2, (height - scale * (north - south)) / 2];
  return (region) => [left + (region.lon * Math.cos((35 * Math.PI) / 180) - west) * scale, top + (north - region.lat) * scale];
}

// A curve that leans to the left of its way, so that there and back do not cover each other.
function curve([x1, y1], [x2, y2]) {
  const bend = 0.22;
  const [cx, cy] = [(x1 + x2) / 2 + (y2 - y1) * bend, (y1 + y2) / 2 - (x2 - x1) * bend];
  return `M${x1.toFixed(1)} ${y1.toFixed(1)}Q${cx.toFixed(1)} ${cy.toFixed(1)} ${x2.toFixed(1)} ${y2.toFixed(1)}`;
}

export function drawMap(found) {
  const { regions, round } = found;
  const sheet = narrow.matches ? NARROW_SHEET : WIDE_SHEET;
  const at = projection(regions, sheet);
  const flows = round.figures.flows.filter((flow) => flow.from_region !== flow.to_region).slice(0, MOST_CURVES);
  const largestFlow = Math.max(...flows.map((flow) => flow.it_kwh), 1);
  const listed = listedByRegion(found);
  const largestDot = Math.max(...listed.values(), 1);
  const radius = (region) => sheet.dot * (0.2 + 0.8 * Math.sqrt((listed.get(region.id) ?? 0) / largestDot));
  const curves = flows.map((flow) => {
    const [from, to] = [regions.get(flow.from_region), regions.get(flow.to_region)];
    const title = `${nameOf(from)} → ${nameOf(to)} · ${text(flow.job_class)} · ${number(flow.it_kwh)} ${text("it_kwh")}`;
    const width = 1 + (sheet.curve - 1) * (flow.it_kwh / largestFlow);
    return drawn("path", { class: `flow ${colour(flow.job_class)}`, stroke: "currentColor", "stroke-width": width.toFixed(2), d: curve(at(from), at(to)) },
      drawn("title", {}, title));
  });
  const dots = [...regions.values()].map((region) => {
    const [cx, cy] = at(region);
    return drawn("circle", { class: `dot ${region.side}`, cx: cx.toFixed(1), cy: cy.toFixed(1), r: radius(region).toFixed(1) },
      drawn("title", {}, `${nameOf(region)} · ${number(listed.get(region.id) ?? 0)} kW`));
  });
  return drawn("svg", { class: "map", viewBox: `0 0 ${sheet.width} ${sheet.height}`, role: "img", "aria-label": text("map_alt") },
    curves, dots, placeLabels([...regions.values()], at, radius, sheet),
    drawn("text", { class: "stamp", x: 14, y: sheet.height - 14 }, text("schematic")));
}

export function mapLegend({ round }) {
  const shown = CLASSES.filter((name) => name in round.figures.solver.by_job_class);
  const lines = shown.map((name) => element("li", { class: colour(name) }, element("i"), element("span", {}, text(name))));
  const sides = Object.keys(round.figures.solver.utilisation).map((side) =>
    element("li", {}, element("b", { class: `tag-dot ${side}` }), element("span", {}, text(side === "west" ? "west_side" : side))));
  return element("ul", { class: "legend" }, sides, lines);
}
