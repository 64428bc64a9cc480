// What a place for an order is measured by: an axis of the picture, a column of the table, and where the order draws a line.
import { cny, number, percent, withUnit } from "../format.js";
import { words } from "../language.js";
import { term } from "../terms.js";
import { PLACING } from "../words/placing.js";

const say = words(PLACING);
const kg = (value) => withUnit(value, term("unit_kg"), 1);

// of: the value at a place; limit: the order's own line on this axis (null: none) and on which side of it a place may lie.
export const AXES = {
  rtt: { of: (place) => place.rtt_ms, write: (value) => withUnit(value, term("unit_ms"), 1), limit: (order) => order.job.max_rtt_ms, may: "below" },
  cost: { of: (place) => Number(place.cost), write: (value) => cny(value), limit: (order) => (order.limit_price === null ? null : Number(order.limit_price)), may: "below" },
  price: { of: (place) => Number(place.price), write: (value) => cny(value), limit: () => null },
  carbon_location: { of: (place) => place.carbon_kg_location, write: kg, limit: () => null },
  carbon_market: { of: (place) => place.carbon_kg_market, write: kg, limit: () => null },
  energy: { of: (place) => place.facility_kwh, write: (value) => withUnit(value, term("unit_kwh"), 1), limit: () => null },
  pue: { of: (place) => place.node.pue, write: (value) => number(value, 2), limit: (order) => order.job.max_pue, may: "below" },
  green: { of: (place) => place.node.green_share, write: (value) => percent(value, 0), limit: (order) => order.job.min_green_share, may: "above" },
};

export const axisName = (axis) => say(`axis_${axis}`);
export const axisNames = () => Object.keys(AXES).map((axis) => [axis, axisName(axis)]);
export const axisOr = (asked, otherwise) => (Object.hasOwn(AXES, asked) ? asked : otherwise);
