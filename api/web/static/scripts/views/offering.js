// One offering: its terms, what is free of it hour by hour, what an hour of it cost in the newest round.
import { amount } from "../amount.js";
import { get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { orderAddress } from "../catalogue/comparing.js";
import { offerOf } from "../catalogue/offers.js";
import { chartCard } from "../chart.js";
import { card, element, table } from "../elements.js";
import { cnyInFull, dayHour, moment, number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { sideTag, stateTag, term, termOr } from "../terms.js";
import { colour } from "../theme.js";
import { CATALOGUE } from "../words/catalogue.js";
import { PROVIDER } from "../words/provider.js";

const say = words(CATALOGUE), listing = words(PROVIDER);
const PARTS = [["ask", "ask_part", "c8"], ["energy", "energy_part", "c4"], ["carbon", "carbon_part", "c2"], ["congestion", "congestion_part", "c3"]];

export async function open({ ids }) {
  const path = `/v1/offerings/${encodeURIComponent(ids.offering_id)}`;
  const [offering, calendar, versions, catalogue, prices] = await Promise.all([
    get(path), get(`${path}/calendar`), get(`${path}/versions`, { limit: 20 }), readCatalogue(), readPrices(ids.offering_id),
  ]);
  const offer = offerOf(catalogue, offering, new Map());
  return {
    content: [
      element("h1", {}, say("offering_title", { id: offering.id })),
      element("p", { class: "note" }, stateTag(offering.state), " ", nameOf(offer.device), " · ", nameOf(offer.node), " ", sideTag(offer.region.side), " · ", element("a", { href: orderAddress(offer) }, say("order"))),
      element("div", { class: "columns two" }, factsCard(offer), card(say("tariff"), say("tariff_note"), tariffTable(offer.node))),
      calendarCard(offering.id, calendar.hours),
      prices ? pricesCard(offering.id, prices.hours) : card(say("price_by_hour"), say("no_price")),
      versionsCard(versions.items),
    ],
  };
}

// An offering that came later than the newest round has no price in it.
async function readPrices(offeringId) {
  try {
    const found = await get("/v1/prices", { offering_id: offeringId });
    return found.hours.length ? found : null;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function factsCard({ offering, node, device, kwh, carbon, carbonContract }) {
  const facts = [
    [say("ask"), `${cnyInFull(offering.ask_price)} (${say("unit_hour")})`], [say("units"), number(offering.units)], [say("gang"), number(offering.max_gang_units)],
    [say("memory_gb"), withUnit(device.memory_gb, "GB")], ["PUE", number(node.pue, 2)], [say("cooling"), termOr(node.cooling)], [say("green_share"), percent(node.green_share, 0)],
    [say("energy"), withUnit(kwh, term("unit_kwh"), 3)], [say("carbon"), withUnit(carbon, term("unit_kg"), 3)], [say("carbon_contract"), withUnit(carbonContract, term("unit_kg"), 3)],
    [say("provider"), element("code", {}, offering.provider_id)], [say("sla"), listing(`sla_${offering.sla}`)], [say("version"), number(offering.version)],
    [say("confidence"), [termOr(offering.confidence), " · ", element("span", { lang: "en" }, offering.source)]],
  ];
  return card(say("facts"), null, element("dl", { class: "facts" }, facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])));
}

const tariffTable = (node) =>
  table(say("tariff"), [{ label: term("hour_of_day"), word: true }, { label: say("tariff") }], node.tariff_per_kwh.map((price, hour) => [`${String(hour).padStart(2, "0")}:00`, cnyInFull(price)]));

function calendarCard(id, hours) {
  const bars = (name, key, token) => ({ name, type: "bar", stack: "units", barCategoryGap: 0, itemStyle: { color: colour(token) }, data: hours.map((hour) => hour[key]) });
  return chartCard({
    title: say("calendar"), note: say("calendar_note"), name: `${id}-calendar`, height: 240,
    draw: () => ({
      tooltip: { trigger: "axis" }, legend: { top: 0 },
      xAxis: { type: "category", data: hours.map((hour) => dayHour(hour.hour)) }, yAxis: { type: "value", name: say("units") },
      series: [bars(say("free"), "free_units", "c1"), bars(term("allocated"), "allocated_units", "c5"), bars(term("held"), "held_units", "c4")],
    }),
    data: () => ({
      columns: [{ label: term("hour_of_day"), word: true }, { label: say("free") }, { label: term("allocated") }, { label: term("held") }],
      rows: hours.map((hour) => [amount(hour.hour, dayHour), ...[hour.free_units, hour.allocated_units, hour.held_units].map((units) => amount(units, number))]),
    }),
  }).card;
}

function pricesCard(id, hours) {
  return chartCard({
    title: say("price_by_hour"), note: say("price_by_hour_note"), name: `${id}-price`, height: 240,
    draw: () => ({
      tooltip: { trigger: "axis", valueFormatter: cnyInFull }, legend: { top: 0 },
      xAxis: { type: "category", data: hours.map((hour) => dayHour(hour.hour)) }, yAxis: { type: "value", name: say("unit_hour") },
      series: PARTS.map(([part, word, token]) => ({ name: say(word), type: "bar", stack: "price", barCategoryGap: 0, itemStyle: { color: colour(token) }, data: hours.map((hour) => Number(hour[part])) })),
    }),
    data: () => ({
      columns: [{ label: term("hour_of_day"), word: true }, ...PARTS.map(([, word]) => ({ label: say(word), unit: say("unit_hour") }))],
      rows: hours.map((hour) => [amount(hour.hour, dayHour), ...PARTS.map(([part]) => amount(hour[part], cnyInFull))]),
    }),
  }).card;
}

function versionsCard(versions) {
  const columns = [["version", false], ["since", true], ["ask", false], ["units", false], ["state", true]].map(([key, word]) => ({ label: say(key), word }));
  const rows = versions.map(({ version, since, terms }) => [number(version), moment(since), cnyInFull(terms.ask_price), number(terms.units), stateTag(terms.state)]);
  return card(say("versions"), null, table(say("versions"), columns, rows));
}
