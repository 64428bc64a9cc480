// Value and bound over the time of a round's solving: recorded, or live while it clears.
import { amount } from "../amount.js";
import { cny, compact, number, percent } from "../format.js";
import { words } from "../language.js";
import { term } from "../terms.js";
import { colour } from "../theme.js";
import { ROUNDS } from "../words/rounds.js";

const say = words(ROUNDS);
const FINE = 3;
const toCny = (micros) => micros / 1e6;

// points: [seconds, value in micro-yuan, bound in micro-yuan].
export function progressOption(points) {
  const line = (name, at, token) => ({
    name, type: "line", step: "end", symbol: points.length > 60 ? "none" : "circle", symbolSize: 5, itemStyle: { color: colour(token) }, lineStyle: { color: colour(token), width: 2 },
    data: points.map((point) => [point[0], toCny(point[at])]),
  });
  return {
    tooltip: { trigger: "axis", valueFormatter: (value) => cny(value, 0) },
    legend: { top: 0 },
    grid: { left: 8, right: 16, top: 32, bottom: 30, containLabel: true },
    xAxis: { type: "value", name: say("seconds"), nameLocation: "middle", nameGap: 26, min: 0, axisLabel: { formatter: (value) => number(value, value < 10 ? 1 : 0), color: colour("soft") } },
    yAxis: { type: "value", scale: true, axisLabel: { formatter: (value) => `¥${compact(value, FINE)}`, color: colour("soft") } },
    series: [line(say("bound"), 2, "c3"), line(say("value"), 1, "c1")],
  };
}

export function progressTable(points) {
  return {
    columns: [{ label: say("seconds") }, { label: say("value"), unit: term("unit_cny") }, { label: say("bound"), unit: term("unit_cny") }, { label: say("gap"), unit: term("unit_share") }],
    rows: points.map(([seconds, value, bound]) => [
      amount(seconds, (v) => number(v, 2)), amount(toCny(value), cny), amount(toCny(bound), cny), amount(bound > 0 ? (bound - value) / bound : null, (v) => percent(v, 3)),
    ]),
  };
}
