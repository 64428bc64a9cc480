// Up to four offerings side by side; the best of each line is marked.
import { card, element } from "../elements.js";
import { cnyInFull, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { sideTag, term } from "../terms.js";
import { CATALOGUE } from "../words/catalogue.js";

const say = words(CATALOGUE);
export const MOST = 4;
const least = (values) => Math.min(...values), most = (values) => Math.max(...values);

const LINES = [
  ["ask", (offer) => offer.ask, (value) => cnyInFull(value), least],
  ["latency", (offer) => offer.rtt, (value) => withUnit(value, term("unit_ms"), 1), least],
  ["free_listed", (offer) => offer.free, (value) => number(value), most],
  ["memory_gb", (offer) => offer.device.memory_gb, (value) => withUnit(value, "GB"), most],
  ["pue", (offer) => offer.node.pue, (value) => number(value, 2), least],
  ["green_share", (offer) => offer.node.green_share, (value) => percent(value, 0), most],
  ["energy", (offer) => offer.kwh, (value) => withUnit(value, term("unit_kwh"), 3), least],
  ["carbon", (offer) => offer.carbon, (value) => withUnit(value, term("unit_kg"), 3), least],
  ["carbon_contract", (offer) => offer.carbonContract, (value) => withUnit(value, term("unit_kg"), 3), least],
];

export function comparing(offers, clear) {
  const head = element("tr", {}, element("th", { scope: "col" }, say("offering")), offers.map((offer) =>
    element("th", { scope: "col" }, element("a", { href: `/catalogue/${offer.id}` }, offer.id), element("br"), `${nameOf(offer.device)}`, element("br"), nameOf(offer.node), " ", sideTag(offer.region.side))));
  const rows = LINES.map(([key, read, write, best]) => {
    const values = offers.map(read);
    const known = values.filter((value) => value !== null);
    return element("tr", {}, element("th", { scope: "row" }, key === "pue" ? "PUE" : say(key)), values.map((value) =>
      element("td", { class: known.length > 1 && value === best(known) ? "ours" : null }, write(value))));
  });
  const orders = element("tr", {}, element("th", { scope: "row" }, say("order")), offers.map((offer) => element("td", {}, element("a", { href: orderAddress(offer) }, say("order")))));
  return card(say("compare"), say("compare_note"), element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("compare") },
    element("table", {}, element("caption", {}, say("compare")), element("thead", {}, head), element("tbody", {}, rows, orders))),
  element("button", { type: "button", onclick: clear }, say("unchoose")));
}

export const orderAddress = (offer) => `/orders/new?devices=${encodeURIComponent(offer.device.id)}&regions=${encodeURIComponent(offer.region.id)}`;
