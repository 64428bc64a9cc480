// What was earned by day and what is to be, and a month's statement.
import { all } from "../api.js";
import { amount } from "../amount.js";
import { chartCard, csv, download } from "../chart.js";
import { card, element, field, table } from "../elements.js";
import { cny, compact, number } from "../format.js";
import { words } from "../language.js";
import { keep, show } from "../router.js";
import { colour } from "../theme.js";
import { PROVIDER } from "../words/provider.js";

const say = words(PROVIDER);
const AHEAD_MS = 8 * 3_600_000, HOUR_MS = 3_600_000;
const SUMS = ["charge", "make_whole", "fee", "refund", "credit", "net"];
const EARNED = new Set(["deposit", "payout"]);

// The market's day of a moment, as 2025-07-16.
const dayOf = (time) => new Date(new Date(time).getTime() + AHEAD_MS).toISOString().slice(0, 10);
export const thisMonth = () => dayOf(Date.now()).slice(0, 7);
export const monthOf = (settings) => (/^2\d{3}-(0[1-9]|1[0-2])$/.test(settings.month ?? "") ? settings.month : thisMonth());

function daysOf(month) {
  const [year, at] = month.split("-").map(Number);
  return Array.from({ length: new Date(Date.UTC(year, at, 0)).getUTCDate() }, (_, day) => `${month}-${String(day + 1).padStart(2, "0")}`);
}
const midnight = (day) => new Date(`${day}T00:00:00+08:00`);

// Transfers of the month that touch the provider's account, payouts apart: that is money it had already earned.
export async function readTransfers(providerId, month) {
  const days = daysOf(month), account = `acc_${providerId}`;
  const until = new Date(midnight(days.at(-1)).getTime() + 24 * HOUR_MS);
  const found = await all("/v1/ledger/transfers", { account_id: account, since: midnight(days[0]).toISOString(), until: until.toISOString() });
  return { account, transfers: found.filter(({ kind }) => !EARNED.has(kind)) };
}

// By day: what was booked, and what allocations are still to earn, spread evenly over their hours to come.
export function revenueByDay(month, { account, transfers }, allocations, now = Date.now()) {
  const days = new Map(daysOf(month).map((day) => [day, { booked: 0, expected: 0 }]));
  for (const one of transfers) {
    const sums = days.get(dayOf(one.at));
    if (sums) sums.booked += Number(one.amount) * (one.credit_account_id === account ? 1 : -1);
  }
  for (const one of allocations) {
    const from = Math.max(new Date(one.starts_at).getTime(), Math.floor(now / HOUR_MS) * HOUR_MS), until = new Date(one.ends_at).getTime();
    const hours = Math.max(1, Math.ceil((until - from) / HOUR_MS)), each = (Number(one.price) - Number(one.paid)) / hours;
    for (let at = 0; at < hours; at += 1) {
      const sums = days.get(dayOf(from + at * HOUR_MS));
      if (sums) sums.expected += each;
    }
  }
  return [...days].map(([day, sums]) => ({ day, ...sums }));
}

export function revenueCard(shown, month, transfers, allocations) {
  const days = revenueByDay(month, transfers, allocations);
  const series = (key, token) => ({ name: say(key), type: "bar", stack: "all", data: days.map((one) => one[key]), itemStyle: { color: colour(token) } });
  const chart = chartCard({
    title: say("revenue"), note: say("revenue_note"), name: `${shown.id}-${month}-revenue`, height: 280,
    draw: () => ({
      tooltip: { trigger: "axis", valueFormatter: (value) => cny(value) }, legend: { top: 0 }, xAxis: { type: "category", data: days.map(({ day }) => day.slice(5)) },
      yAxis: { type: "value", axisLabel: { color: colour("soft"), formatter: (value) => compact(value) } }, series: [series("booked", "c1"), series("expected", "c4")],
    }),
    data: () => ({ columns: [{ label: say("day"), word: true }, { label: say("booked") }, { label: say("expected") }], rows: days.map(({ day, booked, expected }) => [day, amount(booked, cny), amount(expected, cny)]) }),
  });
  return chart.card;
}

export function monthChoice(month) {
  const input = element("input", { type: "month", value: month, max: "2999-12", onchange: () => { if (input.value) { keep({ month: input.value }); show(); } } });
  return field(say("month"), input);
}

export function statementCard(statement, month) {
  const { lines, totals, payouts } = statement;
  const save = () => download(`${statement.provider_id}-${month}-statement.csv`, new Blob([csv(csvRows(statement))], { type: "text/csv;charset=utf-8" }));
  const columns = [{ label: say("allocation"), word: true }, { label: say("order"), word: true }, { label: say("offering"), word: true }, { label: say("unit_hours") }, ...SUMS.map((key) => ({ label: say(key) }))];
  const rows = lines.map((line) => [element("code", {}, line.allocation_id), element("code", {}, line.order_id), line.offering_id, number(line.unit_hours, 1), ...SUMS.map((key) => cny(line[key]))]);
  const total = [say("total"), "", "", number(lines.reduce((sum, line) => sum + line.unit_hours, 0), 1), ...SUMS.map((key) => element("strong", {}, cny(totals[key])))];
  const body = lines.length ? table(say("statement"), columns, [total, ...rows]) : element("p", { class: "note" }, say("no_lines"));
  return card(say("statement_of", { month }), say("statement_note", { payouts: cny(payouts) }), element("div", { class: "row" }, element("button", { type: "button", onclick: save }, say("save_csv"))), body);
}

const csvRows = ({ provider_id: id, month, lines, totals }) => [
  ["provider_id", "month", "allocation_id", "order_id", "offering_id", "units", "hours", "unit_hours", ...SUMS],
  ...lines.map((line) => [id, month, line.allocation_id, line.order_id, line.offering_id, line.units, line.hours, line.unit_hours, ...SUMS.map((key) => line[key])]),
  [id, month, "total", "", "", "", "", "", ...SUMS.map((key) => totals[key])],
];
