// What a round's gap is made of: four parts that add up exactly.
import { amount } from "../amount.js";
import { cny, compact } from "../format.js";
import { words } from "../language.js";
import { term } from "../terms.js";
import { colour } from "../theme.js";
import { ROUNDS } from "../words/rounds.js";

const say = words(ROUNDS);
const PARTS = [["regret_of_accepted", "gp_accepted", "c3"], ["regret_of_rejected", "gp_rejected", "c4"], ["idle_units", "gp_units", "c5"], ["idle_power", "gp_power", "c6"]];

export function gapOption({ settlement: { gap_parts: parts } }) {
  return {
    tooltip: { trigger: "item", formatter: ({ seriesName, value }) => `${seriesName}: ${cny(value)}` },
    legend: { top: 0 },
    grid: { left: 8, right: 24, top: 56, bottom: 8, containLabel: true },
    xAxis: { type: "value", axisLabel: { formatter: (value) => `¥${compact(value)}`, color: colour("soft") } },
    yAxis: { type: "category", data: [say("bound_less_value")], axisLabel: { show: false } },
    series: PARTS.map(([name, , token]) => ({ name: say(name), type: "bar", stack: "gap", barMaxWidth: 46, data: [Number(parts[name])], itemStyle: { color: colour(token) } })),
  };
}

export function gapTable(round) {
  const parts = round.settlement.gap_parts;
  const rows = PARTS.map(([name, what]) => [say(name), say(what), amount(parts[name], cny)]);
  const total = (round.bound_micros - round.value_micros) / 1e6;
  return { columns: [{ label: say("gap_parts"), word: true }, { label: "", word: true }, { label: say("bound_less_value"), unit: term("unit_cny") }], rows: [...rows, [say("bound_less_value"), "", amount(total, cny)]] };
}
