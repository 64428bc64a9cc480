// Orders as rows.
import { element, table } from "../elements.js";
import { cny, dayHour } from "../format.js";
import { nameOf, words } from "../language.js";
import { jobWords } from "../order/job.js";
import { stateTag } from "../terms.js";
import { ORDERS } from "../words/orders.js";

const say = words(ORDERS);

export function orderTable(orders, catalogue, operator) {
  const keys = [["order", true], ["state", true], ["job", true], ["origin", true], ["limit", false], ["paid", false], ["deadline", true], ["submitted", true], ...(operator ? [["buyer_id", true]] : [])];
  const region = (id) => (catalogue.regions.has(id) ? nameOf(catalogue.regions.get(id)) : id);
  const rows = orders.map((order) => [
    element("a", { href: `/orders/${order.id}` }, element("code", {}, order.id)), stateTag(order.state), element("span", { class: "wraps" }, jobWords(order.job, catalogue)), region(order.job.origin_region),
    cny(order.limit_price), cny(order.paid), dayHour(order.deadline), dayHour(order.submitted_at), ...(operator ? [order.buyer_id] : []),
  ]);
  return table(say("title"), keys.map(([key, word]) => ({ label: say(key), word })), rows);
}
