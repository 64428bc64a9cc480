// One control for each field of an order, in the reader's words.
import { element, select } from "../elements.js";
import { nameOf, words } from "../language.js";
import { JOB_CLASSES, term } from "../terms.js";
import { SUBMIT } from "../words/submit.js";
import { tickList } from "./choices.js";
import { fromInput, toInput } from "./moments.js";

const say = words(SUBMIT);
export const className = (name) => term(name === "hpc" ? "hpc_class" : name === "general" ? "cpu" : name);
const SIDES = ["east", "centre", "northeast", "west"];
const PRECISIONS = ["fp64", "fp32", "fp16", "int8"];
const MONEY = "[0-9]{1,8}(\\.[0-9]{1,6})?";

// Inputs of numbers: what the API allows.
const NUMBERS = {
  min_memory_gb: { min: 0, max: 1_000_000, step: "any" }, units: { min: 0.1, max: 10_000_000, step: 0.1, required: true }, hours: { min: 0.01, max: 8784, step: "any", required: true },
  max_rtt_ms: { min: 0, max: 1_000_000, step: "any" }, data_gb: { min: 0, max: 10_000_000, step: "any" }, max_pue: { min: 1, max: 10, step: 0.01 }, min_green_share: { min: 0, max: 1, step: 0.01 },
};

const CHOICES = {
  compute_class: () => ["gpu", "hpc", "general"].map((name) => [name, className(name)]),
  job_class: () => JOB_CLASSES.map((name) => [name, term(name)]),
  precision: () => [["", say("precision_any")], ...PRECISIONS.map((name) => [name, name])],
  origin_region: ({ regions }) => [...regions.values()].map((region) => [region.id, nameOf(region)]).sort(byLabel),
  time_in_force: () => ["until_deadline", "next_round", "immediate"].map((name) => [name, say(name)]),
  voucher_pool_id: ({ pools }) => [["", say("no_voucher")], ...pools.map((pool) => [pool.id, `${pool.issuer} · ${pool.id}`])],
  buyer_id: ({ buyers }) => [["", "–"], ...buyers.map((buyer) => [buyer.id, `${nameOf(buyer)} · ${buyer.id}`])],
};
const byLabel = (a, b) => a[1].localeCompare(b[1]);

// `change(name, value)` is told what is typed. Returns an element; lists label themselves.
export function controlOf(name, kind, value, context, change) {
  if (kind === "choice") return select(CHOICES[name](context), value, { name, required: name === "buyer_id", onchange: ({ target }) => change(name, target.value) });
  if (kind === "flag") return element("input", { type: "checkbox", name, checked: value, onchange: ({ target }) => change(name, target.checked) });
  if (kind === "moment") return element("input", { type: "datetime-local", name, value: toInput(value), required: name === "deadline", oninput: ({ target }) => change(name, fromInput(target.value)) });
  if (kind === "money") return element("input", { type: "text", inputmode: "decimal", name, value, pattern: MONEY, autocomplete: "off", oninput: ({ target }) => change(name, target.value.trim()) });
  if (typeof value === "object") return element("output", { name }, say("hours_by_device", { hours: Object.entries(value).map(([device, hours]) => `${device} ${hours}`).join(say("comma")) }));
  return element("input", { type: "number", name, value, ...NUMBERS[name], oninput: ({ target }) => change(name, target.value) });
}

export function listOf(name, values, { devices, regions }, change) {
  if (name === "devices") {
    const fitting = [...devices.values()].filter((device) => device.compute_class === values.compute_class).map((device) => ({ value: device.id, label: nameOf(device) }));
    return tickList(say("devices"), fitting.sort((a, b) => a.label.localeCompare(b.label)), values.devices, (ticked) => change("devices", ticked), say("devices_hint"));
  }
  const there = [...regions.values()].sort((a, b) => SIDES.indexOf(a.side) - SIDES.indexOf(b.side) || nameOf(a).localeCompare(nameOf(b)));
  return tickList(say("allowed_regions"), there.map((region) => ({ value: region.id, label: nameOf(region), group: term(region.side) })), values.allowed_regions, (ticked) => change("allowed_regions", ticked));
}
