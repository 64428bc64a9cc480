// The smallest change that would place an order, in words.
import { cny, moment, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { term } from "../terms.js";
import { PLACING } from "../words/placing.js";
import { nodeName } from "./reasons.js";

const say = words(PLACING);
const listed = (things) => (ids) => (ids === null ? say("any") : ids.map((id) => (things.has(id) ? nameOf(things.get(id)) : id)).join(say("comma")));

const WRITTEN = {
  limit_price: (value) => cny(value), deadline: (value) => moment(value), max_rtt_ms: (value) => withUnit(value, term("unit_ms"), 2), max_pue: (value) => number(value, 3),
  min_green_share: (value) => percent(value, 1), units: (value) => number(value, value < 1 ? 1 : 0),
};

function written(field, value, catalogue) {
  if (field === "devices") return listed(catalogue.devices)(value);
  if (field === "allowed_regions") return listed(catalogue.regions)(value);
  return value === null || value === undefined ? say("any") : (WRITTEN[field] ?? String)(value);
}

const valueNow = (order, field) => (field in order ? order[field] : order.job[field]);

// "Limit price: ¥55.22 → ¥70.63 (28%), at Horinger".
export function changeWords(change, order, catalogue) {
  return say("change", {
    field: say(`field_${change.field}`), from: written(change.field, valueNow(order, change.field), catalogue), to: written(change.field, change.to, catalogue),
    by: percent(change.by, 0), node: nodeName(catalogue, change.node_id),
  });
}

// Whether the order fits as it is: the exchange says so with a change of nothing.
export const fitsAlready = (change) => change !== null && change.by === 0;
