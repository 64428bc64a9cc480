// Power that runs on each side, hour by hour: what ran before and what the round granted.
import { amount } from "../amount.js";
import { chartCard } from "../chart.js";
import { compact, dayHour, number } from "../format.js";
import { words } from "../language.js";
import { term } from "../terms.js";
import { colour } from "../theme.js";
import { MARKET } from "../words/market.js";
import { sum } from "./reading.js";

const say = words(MARKET);
const TOP = 36, HALF_A_LABEL = 40, ABOVE = 1;
const SIDES = ["east", "centre", "northeast", "west"];

// The chart, with a line at the hour of the map: `mark()` moves it to the hour of `state` without drawing the rest again.
export function runningCard(market, state) {
  let line = null;
  function mark() {
    const chart = made.chart();
    if (!chart) return;
    line.attr({ ignore: state.hour === null });
    if (state.hour === null) return;
    const [x, foot] = chart.convertToPixel({ gridIndex: 0 }, [state.hour, 0]);
    line.attr({ shape: { x1: x, x2: x, y1: TOP, y2: foot }, style: { stroke: colour("ink"), lineWidth: 1.5 } });
  }
  const made = chartCard({
    title: say("running"), note: say("running_note"), name: `${market.round.id}-running`, height: 240,
    draw: (still) => runningOption(market, state, still), data: () => runningTable(market), ondraw: mark,
    onchart: (chart, { graphic: { Line } }) => { line = new Line({ silent: true, zlevel: ABOVE, ignore: true }); chart.getZr().add(line); },
  });
  return { ...made, mark };
}

function bySide({ schedule, nodes, regions }) {
  const hours = schedule.hours.length;
  const found = Object.fromEntries(SIDES.map((side) => [side, { before: new Array(hours).fill(0), granted: new Array(hours).fill(0) }]));
  for (const row of schedule.nodes) {
    const side = found[regions.get(nodes.get(row.node_id).region_id).side];
    for (let at = 0; at < hours; at += 1) {
      side.before[at] += row.outside_kw[at] + row.before_kw[at];
      side.granted[at] += row.granted_kw[at];
    }
  }
  return Object.entries(found).filter(([, power]) => sum(power.before) + sum(power.granted) > 0);
}

function runningOption(market, state, still) {
  const hours = market.schedule.hours;
  const area = (side, what, values) => ({
    name: say(what, { side: term(side) }), type: "bar", stack: "all", barCategoryGap: 0, data: values, itemStyle: { color: colour(side), opacity: what === "before" ? 0.28 : 0.85 },
    emphasis: { disabled: true },
  });
  const sides = bySide(market);
  const series = sides.flatMap(([side, power]) => [area(side, "before", power.before), area(side, "granted", power.granted)]);
  if (still && series.length && state.hour !== null) {
    series[0].markLine = { symbol: "none", silent: true, animation: false, label: { show: false }, lineStyle: { color: colour("ink"), width: 1.5, type: "solid" }, data: [{ xAxis: state.hour }] };
  }
  return {
    tooltip: { trigger: "axis", valueFormatter: (value) => `${number(value)} ${term("unit_kw")}` },
    legend: { top: 0, icon: "roundRect", data: sides.map(([side]) => say("granted", { side: term(side) })), formatter: (name) => term(sides.find(([side]) => say("granted", { side: term(side) }) === name)[0]) },
    grid: { left: 8, right: HALF_A_LABEL, top: TOP, bottom: 8, containLabel: true },
    xAxis: { type: "category", data: hours.map(dayHour) },
    yAxis: { type: "value", axisLabel: { formatter: (value) => `${compact(value)} ${term("unit_kw")}`, color: colour("soft") } },
    series,
  };
}

function runningTable(market) {
  const sides = bySide(market);
  const columns = [{ label: say("time"), word: true }, ...sides.flatMap(([side]) => ["before", "granted"].map((what) => ({ label: say(what, { side: term(side) }), unit: term("unit_kw") })))];
  const rows = market.schedule.hours.map((hour, at) => [amount(hour, dayHour), ...sides.flatMap(([, power]) => [power.before[at], power.granted[at]].map((kw) => amount(kw, number)))]);
  return { columns, rows };
}
