// Use hour by hour, from the calendars of offerings: in kW of facility power, in which cards and cores add up.
import { amount } from "../amount.js";
import { dayHour, number } from "../format.js";
import { nameOf, words } from "../language.js";
import { term } from "../terms.js";
import { colour } from "../theme.js";
import { PROVIDER } from "../words/provider.js";
import { unitKw } from "./reading.js";

const say = words(PROVIDER);
const KINDS = [["allocated", "c1"], ["held", "c4"], ["free", "low"], ["out", "line"]];

const ofHour = (hour) => ({
  allocated: hour.allocated_units, held: hour.held_units, free: hour.free_units, out: Math.max(0, hour.listed_units - hour.usable_units),
});

// { hours, allocated: [...], held: […], free: […], out: […] } of one offering in its units, or of all in kW.
function sums(shown, calendars, chosen) {
  const offerings = shown.offerings.filter(({ id }) => calendars.has(id) && (chosen === null || id === chosen));
  const hours = (calendars.values().next().value ?? []).map(({ hour }) => hour);
  const total = Object.fromEntries(KINDS.map(([kind]) => [kind, new Array(hours.length).fill(0)]));
  for (const offering of offerings) {
    const weight = chosen === null ? unitKw(shown, offering) : 1;
    calendars.get(offering.id).forEach((hour, at) => { for (const [kind, units] of Object.entries(ofHour(hour))) total[kind][at] += units * weight; });
  }
  return { hours, ...total };
}

const unitOf = (chosen) => (chosen === null ? term("unit_kw") : say("units"));

export function useOption(shown, calendars, chosen) {
  const found = sums(shown, calendars, chosen);
  return {
    tooltip: { trigger: "axis", valueFormatter: (value) => `${number(value, chosen === null ? 1 : 0)} ${unitOf(chosen)}` },
    legend: { top: 0 },
    xAxis: { type: "category", data: found.hours.map(dayHour) },
    yAxis: { type: "value", name: unitOf(chosen) },
    series: KINDS.map(([kind, token]) => ({
      name: say(`use_${kind}`), type: "bar", stack: "all", barCategoryGap: "8%", data: found[kind], itemStyle: { color: colour(token), borderColor: colour("border"), borderWidth: kind === "free" ? 0.5 : 0 },
    })),
  };
}

export function useTable(shown, calendars, chosen) {
  const found = sums(shown, calendars, chosen);
  return {
    columns: [{ label: say("hour"), word: true }, ...KINDS.map(([kind]) => ({ label: say(`use_${kind}`), unit: unitOf(chosen) }))],
    rows: found.hours.map((hour, at) => [amount(hour, dayHour), ...KINDS.map(([kind]) => amount(found[kind][at], (v) => number(v, chosen === null ? 1 : 0)))]),
  };
}

// Shares of the coming hours that are allocated, in kW.
export function shareAllocated(shown, calendars) {
  const found = sums(shown, calendars, null);
  const all = (kind) => found[kind].reduce((total, value) => total + value, 0);
  const listed = all("allocated") + all("held") + all("free");
  return listed ? all("allocated") / listed : null;
}

export const offeringName = ({ nodes, devices }, offering) => `${nameOf(devices.get(offering.device_id))} · ${nameOf(nodes.get(offering.node_id))}`;
