// The Pareto front: what the same work costs at rising prices of carbon and of latency.
import { amount } from "../amount.js";
import { element } from "../elements.js";
import { cny, compact, number, percent, withUnit } from "../format.js";
import { words } from "../language.js";
import { term } from "../terms.js";
import { colour } from "../theme.js";
import { WHATIF } from "../words/whatif.js";

const say = words(WHATIF);
const PATHS = [["carbon", "c1", "circle"], ["latency", "c5", "triangle"], ["both", "c6", "diamond"]];

export const ACROSS = {
  carbon: { of: (point) => point.carbon_kg_location, write: (value) => withUnit(value, term("unit_kg")), label: () => term("carbon_location") },
  carbon_market: { of: (point) => point.carbon_kg_market, write: (value) => withUnit(value, term("unit_kg")), label: () => term("carbon_market") },
  latency: { of: (point) => point.rtt_ms_mean, write: (value) => withUnit(value, term("unit_ms"), 2), label: () => say("rtt_mean") },
};

// The policy of a point, in few signs.
export function policyOf(point) {
  const carbon = `¥${number(Number(point.carbon_price_per_kg), 2)}/${term("unit_kg")}`;
  const latency = `¥${Number(point.latency_price_per_ms_unit_hour)}/${term("unit_ms")}·h`;
  return { carbon, latency, both: `${carbon}, ${latency}` }[point.path];
}

// Points that came out the same stand once, at the lowest price of their path that leads there.
function distinct(points) {
  const seen = new Set();
  return points.filter((point) => {
    const key = [point.path, point.spend, point.carbon_kg_location, point.rtt_ms_mean].join();
    return !seen.has(key) && seen.add(key);
  });
}

export function frontOption(points, across) {
  const axis = ACROSS[across];
  const series = PATHS.map(([path, token, symbol]) => {
    const own = distinct(points).filter((point) => point.path === path);
    return {
      name: say(`path_${path}`), type: "line", symbol, symbolSize: 11, lineStyle: { color: colour(token), width: 1.4, opacity: 0.55 }, itemStyle: { color: colour(token) },
      data: own.map((point) => ({
        point, value: [axis.of(point), Number(point.spend)], itemStyle: point.on_front ? { color: colour(token) } : { color: colour("card"), borderColor: colour(token), borderWidth: 1.6 },
      })),
      label: { show: true, position: "top", fontSize: 11, color: colour("soft"), formatter: ({ data }) => policyOf(data.point) }, labelLayout: { hideOverlap: true },
    };
  });
  return {
    tooltip: { trigger: "item", formatter: ({ data }) => pointWords(data.point) },
    legend: { top: 0, type: "scroll" },
    grid: { left: 12, right: 70, top: 40, bottom: 36, containLabel: true },
    xAxis: { type: "value", scale: true, name: axis.label(), nameLocation: "middle", nameGap: 28, axisLabel: { color: colour("soft"), formatter: (value) => compact(value), hideOverlap: true } },
    yAxis: { type: "value", scale: true, name: say("spend"), axisLabel: { color: colour("soft"), formatter: (value) => compact(value) } },
    series,
  };
}

const pointWords = (point) => [
  `${say(`path_${point.path}`)}: ${policyOf(point)}`, `${say("spend")}: ${cny(point.spend, 0)}`, `${say("rtt_mean")}: ${withUnit(point.rtt_ms_mean, term("unit_ms"), 2)}`,
  `${term("carbon_location")}: ${withUnit(point.carbon_kg_location, term("unit_kg"))}`, `${term("carbon_market")}: ${withUnit(point.carbon_kg_market, term("unit_kg"))}`,
  say("gap_of", { gap: percent(point.gap, 2) }), point.on_front ? say("on_front") : say("off_front"),
].join("\n");

const UNITS = { 4: "unit_ms", 5: "unit_kg", 6: "unit_kg", 8: "unit_share" };

// The same as rows; each can be loaded from the keyboard.
export function frontTable(points, load) {
  const labels = [say("path"), say("carbon_price"), say("latency_price"), say("spend"), say("rtt_mean"), term("carbon_location"), term("carbon_market"), term("unit_kwh"), say("gap"), say("on_front"), say("load")];
  return {
    columns: labels.map((label, at) => ({ label, word: at === 0 || at > 8, unit: UNITS[at] && term(UNITS[at]) })),
    rows: points.map((point) => [
      say(`path_${point.path}`), amount(point.carbon_price_per_kg, (v) => number(Number(v), 2)), amount(point.latency_price_per_ms_unit_hour, (v) => number(Number(v), 6)), amount(point.spend, (v) => cny(v, 0)), amount(point.rtt_ms_mean, (v) => number(v, 2)),
      ...[point.carbon_kg_location, point.carbon_kg_market, point.facility_kwh].map((v) => amount(v, (one) => number(one))), amount(point.gap, (v) => percent(v, 2)), say(point.on_front ? "yes" : "no"),
      element("button", { type: "button", class: "quiet", "aria-label": `${say("load")}: ${policyOf(point)}`, onclick: () => load(point) }, say("load_short")),
    ]),
  };
}
