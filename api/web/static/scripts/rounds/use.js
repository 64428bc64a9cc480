// Heat maps over the hours of a round: how full each centre is.
import { amount } from "../amount.js";
import { dayHour, number, percent } from "../format.js";
import { roomFor } from "../label-width.js";
import { nameOf, words } from "../language.js";
import { term } from "../terms.js";
import { colour } from "../theme.js";
import { ROUNDS } from "../words/rounds.js";

const say = words(ROUNDS);
const FONT = 11, WIDEST = 150;
const usedAt = (row, hour) => row.outside_kw[hour] + row.before_kw[hour] + row.granted_kw[hour];

function rowsByUse({ schedule, nodes }) {
  const share = (row) => schedule.hours.reduce((total, _, hour) => total + usedAt(row, hour), 0) / (row.listed_kw || 1);
  return schedule.nodes.filter((row) => row.listed_kw > 0 && nodes.has(row.node_id)).sort((a, b) => share(a) - share(b));
}

export function useOption(shown) {
  const rows = rowsByUse(shown), hours = shown.schedule.hours;
  const labels = rows.map((row) => nameOf(shown.nodes.get(row.node_id)));
  return {
    tooltip: { formatter: ({ value: [hour, at] }) => `${nameOf(shown.nodes.get(rows[at].node_id))} · ${dayHour(hours[hour])}\n${number(usedAt(rows[at], hour))} / ${number(rows[at].listed_kw)} ${term("unit_kw")} (${percent(usedAt(rows[at], hour) / rows[at].listed_kw, 0)})` },
    grid: { left: roomFor(labels, FONT, WIDEST), right: 16, top: 8, bottom: 66, containLabel: false },
    xAxis: { type: "category", data: hours.map(dayHour), splitArea: { show: false } },
    yAxis: { type: "category", data: labels, axisLabel: { color: colour("soft"), fontSize: FONT, interval: 0, width: WIDEST, overflow: "truncate" } },
    visualMap: { min: 0, max: 1, orient: "horizontal", left: "center", bottom: 0, itemHeight: 120, itemWidth: 10, text: ["100%", "0%"], inRange: { color: [colour("low"), colour("middle"), colour("high")] }, textStyle: { color: colour("soft") } },
    series: [{ type: "heatmap", progressive: 0, animation: false, data: rows.flatMap((row, at) => hours.map((_, hour) => [hour, at, usedAt(row, hour) / row.listed_kw])), emphasis: { itemStyle: { borderColor: colour("ink"), borderWidth: 1 } } }],
  };
}

export function useTable(shown) {
  const rows = rowsByUse(shown).reverse();
  return {
    columns: [{ label: term("node"), word: true }, ...shown.schedule.hours.map((hour) => ({ label: amount(hour, dayHour), unit: term("unit_share") }))],
    rows: rows.map((row) => [nameOf(shown.nodes.get(row.node_id)), ...shown.schedule.hours.map((_, hour) => amount(usedAt(row, hour) / row.listed_kw, (v) => percent(v, 0)))]),
  };
}
