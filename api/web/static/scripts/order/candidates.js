// Every centre an order could go to, and what stands between: from its explanation and, for what its limits rule out,
// from a quote for the same order without them.
import { post } from "../api.js";
import { reasonWords } from "../placing/reasons.js";

const BUSY = new Set(["NO_CAPACITY", "NO_POWER", "NOT_THIS_ROUND", "TOO_LATE"]);
const groupOf = (code) => (code === "DEARER" ? "dearer" : code === "PRICED_OUT" ? "priced" : BUSY.has(code) ? "busy" : "ruled");
const WITHOUT = { max_rtt_ms: null, allowed_regions: null, max_pue: null, min_green_share: null };
const BEYOND_ANY_PRICE = "99999999";

// What the market has for the order if it set no limits; null where it cannot be asked any more.
export async function readWithoutLimits(order) {
  const { job, latency_cost_per_ms_hour: latency, deadline, earliest_start: earliest, interruptible } = order;
  try {
    return await post("/v1/quotes", { job: { ...job, ...WITHOUT }, latency_cost_per_ms_hour: latency, deadline, earliest_start: earliest, interruptible, limit_price: BEYOND_ANY_PRICE });
  } catch (error) {
    if (error.status !== 409 && error.status !== 422) throw error;
    return null;
  }
}

// Places to draw: [{ …option, node, region, group, why }].
export function candidatesOf(order, explanation, unlimited, catalogue) {
  const reasons = new Map(explanation.reasons.map((reason) => [reason.node, reason]));
  const known = new Map();
  const add = (option, group, why) => {
    const node = catalogue.nodes.get(option.node_id);
    if (node && !known.has(node.id)) known.set(node.id, { ...option, node, region: catalogue.regions.get(node.region_id), group, why });
  };
  const because = (code, facts) => reasonWords({ ...facts, code }, catalogue) || null;
  const granted = explanation.allocation;
  if (granted) add({ ...granted, cost: costHere(explanation) ?? granted.price }, "chosen", null);
  for (const option of explanation.alternatives) {
    if (option.code !== null) add(option, groupOf(option.code), because(option.code, option.facts));
    else if (Number(option.cost) > Number(order.limit_price)) add(option, "priced", because("PRICED_OUT", { cost: option.cost, limit_price: order.limit_price }));
    else add(option, "fits", null);
  }
  for (const option of unlimited?.options ?? []) {
    const reason = reasons.get(option.node_id);
    if (reason) add(option, groupOf(reason.code), because(reason.code, reason));
  }
  return [...known.values()];
}

// The full cost of what was granted: told with what decided, or as the difference to any alternative.
function costHere({ decided_by: decided, alternatives }) {
  if (decided?.cost_here ?? decided?.cost) return decided.cost_here ?? decided.cost;
  const known = alternatives.find((option) => option.cost_difference !== null);
  return known ? String(Number(known.cost) - Number(known.cost_difference)) : null;
}
