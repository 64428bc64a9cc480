// What an order asks for and on which terms.
import { card, element } from "../elements.js";
import { cny, moment, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { className } from "../submit/controls.js";
import { term } from "../terms.js";
import { ORDER } from "../words/order.js";
import { SUBMIT } from "../words/submit.js";
import { deviceWords, hoursWords, unitsWords } from "./job.js";

const say = words(ORDER), label = words(SUBMIT);
const OWN = new Set(["buyer", "remaining"]);

export function termsCard(order, catalogue) {
  const { job } = order;
  const region = (id) => (catalogue.regions.has(id) ? nameOf(catalogue.regions.get(id)) : id);
  const ms = (value) => withUnit(value, term("unit_ms"), 1);
  const lines = [
    ["compute_class", className(job.compute_class)], ["job_class", term(job.job_class)], ["devices", deviceWords(job, catalogue)], ["units", unitsWords(job.units)], ["hours", hoursWords(job.hours)],
    ["precision", job.precision], ["min_memory_gb", job.min_memory_gb && withUnit(job.min_memory_gb, "GB")], ["origin_region", region(job.origin_region)], ["max_rtt_ms", job.max_rtt_ms === null ? null : ms(job.max_rtt_ms)],
    ["data_gb", withUnit(job.data_gb, "GB")], ["allowed_regions", job.allowed_regions?.map(region).join(label("comma"))], ["max_pue", job.max_pue && number(job.max_pue, 2)],
    ["min_green_share", job.min_green_share === null ? null : percent(job.min_green_share, 0)], ["limit_price", cny(order.limit_price)],
    ["latency_cost_per_ms_hour", Number(order.latency_cost_per_ms_hour) ? cny(order.latency_cost_per_ms_hour, 3) : null], ["earliest_start", order.earliest_start && moment(order.earliest_start)], ["deadline", moment(order.deadline)],
    ["time_in_force", label(order.time_in_force)], ["interruptible", order.interruptible ? say("yes") : say("no")], ["voucher_pool_id", order.voucher_pool_id], ["buyer", order.buyer_id],
    ["remaining", order.remaining_share < 1 ? percent(order.remaining_share, 0) : null],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return card(say("terms"), null, element("dl", { class: "facts" }, lines.map(([name, value]) => [element("dt", {}, OWN.has(name) ? say(name) : label(name)), element("dd", {}, value)])));
}
