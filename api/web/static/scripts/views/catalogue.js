// The catalogue: what is listed, filtered as a buyer would, compared, ordered. Filters are part of the address.
import { comparing, MOST, orderAddress } from "../catalogue/comparing.js";
import { FILTERS, LARGEST_FIRST, filtered, readOffers, sorted } from "../catalogue/offers.js";
import { card, element, field, select } from "../elements.js";
import { cnyInFull, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { redraw } from "../redraw.js";
import { keep, show } from "../router.js";
import { sideTag, term } from "../terms.js";
import { CATALOGUE } from "../words/catalogue.js";

const say = words(CATALOGUE);
const PAGE = 60;

export async function open({ settings }) {
  const state = { city: "shanghai", sort: "ask", ...settings };
  const catalogue = await readOffers(state.city);
  const slot = element("div"), compared = element("div");
  let most = PAGE;
  const chosen = new Set((state.compare ?? "").split(",").filter((id) => catalogue.offerings.has(id)).slice(0, MOST));

  function change(changes) {
    Object.assign(state, changes);
    keep(changes);
    most = PAGE;
    draw();
  }
  function choose(id, wanted) {
    if (wanted && chosen.size < MOST) chosen.add(id); else chosen.delete(id);
    keep({ compare: [...chosen].join(",") || null });
    draw();
  }
  function draw() {
    const offers = sorted(filtered(catalogue.offers, state), state.sort);
    const picked = catalogue.offers.filter((offer) => chosen.has(offer.id));
    redraw(compared, ...(picked.length ? [comparing(picked, () => { chosen.clear(); keep({ compare: null }); draw(); })] : []));
    const count = element("p", { class: "note", role: "status" }, say("found", { found: number(offers.length), all: number(catalogue.offers.length) }));
    const found = offers.length ? offerTable(offers.slice(0, most), state, chosen, choose, change) : element("p", { class: "note" }, ...(catalogue.offers.length ? [say("none"), " ", say("none_how")] : [say("none_listed")]));
    const more = () => { most += PAGE; draw(); };
    redraw(slot, count, found, ...(offers.length > most ? [element("button", { type: "button", class: "more", onclick: more }, say("more", { left: number(offers.length - most) }))] : []));
  }
  draw();
  return { content: [element("h1", {}, say("title")), element("p", { class: "note" }, say("note")), filterCard(catalogue, state, change), compared, card(null, null, slot)] };
}

function filterCard({ devices, regions, offers }, state, change) {
  const any = ["", say("any")];
  const listed = new Set(offers.map((offer) => offer.device.id));
  const classes = [...new Set([...devices.values()].map((device) => device.compute_class))];
  const pick = (name, options) => select([any, ...options], state[name] ?? "", { onchange: ({ target }) => change({ [name]: target.value || null }) });
  const limit = (name, step) => element("input", { type: "number", min: 0, step, value: state[name] ?? "", oninput: ({ target }) => change({ [name]: target.value || null }) });
  const byName = (things) => [...things].map((thing) => [thing.id, nameOf(thing)]).sort((a, b) => a[1].localeCompare(b[1]));
  const clear = () => { keep(Object.fromEntries(Object.keys(FILTERS).map((name) => [name, null]))); show(); };
  return element("section", { class: "card" }, element("form", { class: "row filters", onsubmit: (event) => event.preventDefault() },
    field(say("compute_class"), pick("class", classes.map((name) => [name, term(name === "hpc" ? "hpc_class" : name)]))),
    field(say("device"), pick("device", byName([...devices.values()].filter((device) => listed.has(device.id))))),
    field(say("memory"), limit("memory", 1)), field(say("price"), limit("price", 0.01)), field(say("pue"), limit("pue", 0.01)), field(say("green"), limit("green", 1)),
    field(say("side"), pick("side", ["east", "centre", "northeast", "west"].map((side) => [side, term(side)]))),
    field(say("region"), pick("region", byName(regions.values()))),
    field(say("city"), select(byName(regions.values()), state.city, { onchange: ({ target }) => { keep({ city: target.value }); show(); } })),
    field(say("rtt"), limit("rtt", 1)),
    element("button", { type: "button", onclick: clear }, say("clear"))));
}

function offerTable(offers, state, chosen, choose, change) {
  const plain = (key) => element("th", { scope: "col", class: "word" }, say(key));
  const byKey = (key, label = say(key)) => element("th", { scope: "col", "aria-sort": state.sort === key ? (LARGEST_FIRST.has(key) ? "descending" : "ascending") : null },
    element("button", { type: "button", class: "sort", "aria-label": say("sort_by", { column: label }), onclick: () => change({ sort: key }) }, label));
  const head = element("tr", {}, plain("choose"), plain("offering"), plain("device"), byKey("memory_gb"), plain("node"), byKey("latency"), byKey("ask", `${say("ask")} (${say("unit_hour")})`),
    byKey("free", say("free_listed")), byKey("units"), byKey("pue", "PUE"), byKey("green_share"), plain("order"));
  const rows = offers.map((offer) => element("tr", {},
    element("td", { class: "word" }, element("input", { type: "checkbox", checked: chosen.has(offer.id), "aria-label": `${say("choose")} ${offer.id}`, onchange: ({ target }) => choose(offer.id, target.checked) })),
    element("th", { scope: "row", class: "word" }, element("a", { href: `/catalogue/${offer.id}` }, offer.id)),
    element("td", { class: "word" }, nameOf(offer.device)), element("td", {}, withUnit(offer.device.memory_gb, "GB")),
    element("td", { class: "word" }, nameOf(offer.node), " ", sideTag(offer.region.side)), element("td", {}, withUnit(offer.rtt, term("unit_ms"), 1)),
    element("td", {}, cnyInFull(offer.ask)), element("td", {}, number(offer.free)), element("td", {}, number(offer.offering.units)), element("td", {}, number(offer.node.pue, 2)),
    element("td", {}, percent(offer.node.green_share, 0)), element("td", { class: "word" }, element("a", { href: orderAddress(offer) }, say("order")))));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("title") },
    element("table", {}, element("caption", {}, say("title")), element("thead", {}, head), element("tbody", {}, rows)));
}
