// Where an order runs: place, window, price, how far it is.
import { card, element } from "../elements.js";
import { cny, cnyInFull, moment, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { nodeName } from "../placing/reasons.js";
import { sideTag, stateTag, term } from "../terms.js";
import { ORDER } from "../words/order.js";
import { unitsWords } from "./job.js";

const say = words(ORDER);
const HOUR_MS = 3_600_000;
const hoursOf = ({ starts_at: from, ends_at: until }) => Math.round((new Date(until) - new Date(from)) / HOUR_MS);

// Share of the window that has passed at `now` (ms).
export function passed({ starts_at: from, ends_at: until }, now) {
  const start = new Date(from).getTime(), end = new Date(until).getTime();
  return Math.min(1, Math.max(0, (now - start) / (end - start)));
}

// What is paid if it is cancelled at `now` (ms): what was booked until an hour later. The exchange settles hour by hour, so it is nearly that.
export const priceOfCancelling = (granted, now) => Math.max(Number(granted.paid), Number(granted.price) * passed(granted, now + HOUR_MS));

export function grantedCard(granted, catalogue) {
  const node = catalogue.nodes.get(granted.node_id), region = node && catalogue.regions.get(node.region_id);
  const hours = hoursOf(granted);
  const bar = element("progress", { max: 1, value: passed(granted, Date.now()), "aria-label": say("progress") });
  const lines = [
    [say("node"), [nodeName(catalogue, granted.node_id), " ", region ? sideTag(region.side) : null, region ? ` ${nameOf(region)}` : null]],
    [say("offering"), element("a", { href: `/catalogue/${granted.offering_id}` }, granted.offering_id)],
    [say("window"), `${moment(granted.starts_at)} – ${moment(granted.ends_at)} (${withUnit(hours, term("unit_hours"))})`],
    [say("price"), say("price_of", { price: cny(granted.price), units: unitsWords(granted.units), ask: cnyInFull(granted.ask_price) })],
    [say("captured"), say("captured_of", { paid: cny(granted.paid), done: number(granted.settled_hours), hours: number(hours) })],
    [say("rtt"), withUnit(granted.rtt_ms, term("unit_ms"), 1)], [say("energy"), withUnit(granted.facility_kwh, term("unit_kwh"), 1)],
    [term("carbon_location"), withUnit(granted.carbon_kg_location, term("unit_kg"), 1)], [term("carbon_market"), withUnit(granted.carbon_kg_market, term("unit_kg"), 1)],
    [say("heartbeat"), granted.heartbeat_at && moment(granted.heartbeat_at)],
    [say("round"), granted.round_id ? element("a", { href: `/rounds/${granted.round_id}` }, granted.round_id) : say("at_once")],
  ].filter(([, value]) => value);
  const running = ["granted", "active"].includes(granted.state);
  return card(say("allocation"), null, element("div", { class: "row" }, stateTag(granted.state), running ? bar : null, running ? element("small", {}, percent(bar.value, 0)) : null),
    element("dl", { class: "facts" }, lines.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])));
}
