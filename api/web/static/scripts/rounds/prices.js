// Prices as a heat map: offerings down, hours across.
import { amount } from "../amount.js";
import { dayHour, hoursAfter, number } from "../format.js";
import { roomFor } from "../label-width.js";
import { nameOf, words } from "../language.js";
import { colour } from "../theme.js";
import { ROUNDS } from "../words/rounds.js";

const say = words(ROUNDS);
export const PARTS = ["congestion", "effective"];
const MOST_ROWS = 60;
const FONT = 10, WIDEST = 230;

// Offerings with the highest prices first: [{ id, offering, values: [per hour] }].
function rowsOf({ prices, offerings }, part) {
  const rows = prices.items.map((item) => ({ id: item.offering_id, offering: offerings.get(item.offering_id), values: valuesOf(item, part) }));
  const peak = (row) => Math.max(...row.values);
  return rows.sort((a, b) => peak(b) - peak(a) || (a.id < b.id ? -1 : 1));
}

// A difference of two prices has no more digits than they have.
const rounded = (price) => Math.round(price * 1e6) / 1e6;
const valuesOf = (item, part) => (part === "congestion" ? item.congestion.map(Number) : item.effective.map((price) => Number(price) - Number(item.ask)));
// What the picture shows, and how much of it.
export function pricesNote({ prices: { items } }, part) {
  const what = say(`${part}_note`);
  return items.length > MOST_ROWS ? `${what} ${say("tightest", { shown: number(MOST_ROWS), all: number(items.length) })}` : what;
}

export const pricesHeight = ({ prices }) => 90 + 15 * Math.min(MOST_ROWS, prices.items.length);

const hoursOf = ({ prices }) => Array.from({ length: prices.slots }, (_, hour) => hoursAfter(prices.starts_at, hour));
const label = ({ devices, nodes }, row) => (row.offering ? `${nameOf(devices.get(row.offering.device_id))} · ${nameOf(nodes.get(row.offering.node_id))}` : row.id);

export function pricesOption(shown, part) {
  const rows = rowsOf(shown, part).slice(0, MOST_ROWS).reverse(), hours = hoursOf(shown);
  const labels = rows.map((row) => label(shown, row));
  const highest = Math.max(...rows.flatMap((row) => row.values), 0.01);
  return {
    tooltip: { formatter: ({ value: [hour, at, price] }) => `${label(shown, rows[at])} (${rows[at].id})\n${dayHour(hours[hour])} · ¥${number(price, 3)}` },
    grid: { left: roomFor(labels, FONT, WIDEST), right: 16, top: 8, bottom: 66, containLabel: false },
    xAxis: { type: "category", data: hours.map(dayHour) },
    yAxis: { type: "category", data: labels, axisLabel: { color: colour("soft"), fontSize: FONT, interval: 0, width: WIDEST, overflow: "truncate" } },
    visualMap: { min: 0, max: highest, orient: "horizontal", left: "center", bottom: 0, itemHeight: 120, itemWidth: 10, text: [`¥${number(highest, 2)}`, "¥0"], inRange: { color: [colour("low"), colour("c4"), colour("hot")] }, textStyle: { color: colour("soft") } },
    series: [{ type: "heatmap", progressive: 0, animation: false, data: rows.flatMap((row, at) => row.values.map((price, hour) => [hour, at, price])) }],
  };
}

export function pricesTable(shown, part) {
  return {
    columns: [{ label: say("offering"), word: true }, ...hoursOf(shown).map((hour) => ({ label: amount(hour, dayHour), unit: say("unit_price") }))],
    rows: rowsOf(shown, part).map((row) => [`${row.id} ${label(shown, row)}`, ...row.values.map((price) => amount(rounded(price), (v) => number(v, 3)))]),
  };
}
