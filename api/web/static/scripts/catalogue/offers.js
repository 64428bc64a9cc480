// Offerings as a buyer looks at them: each with its device, centre, region and what follows from them.
import { readCatalogue } from "../catalogue-data.js";
import { readRtt } from "../market/reading.js";

const marketHour = () => Number(new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Shanghai", hour: "2-digit", hourCycle: "h23" }).format(new Date()));

export async function readOffers(city) {
  const [catalogue, rtt] = await Promise.all([readCatalogue(), city ? readRtt(city) : new Map()]);
  const hour = marketHour();
  const offers = [...catalogue.offerings.values()].filter((offering) => offering.state === "open").map((offering) => offerOf(catalogue, offering, rtt, hour));
  return { ...catalogue, offers };
}

export function offerOf({ nodes, regions, devices }, offering, rtt, hour = marketHour()) {
  const node = nodes.get(offering.node_id), region = regions.get(node.region_id), device = devices.get(offering.device_id);
  const kwh = (device.watts_per_unit / 1000) * node.pue;
  return {
    id: offering.id, offering, node, region, device, ask: Number(offering.ask_price), free: offering.free_units_by_hour[hour], rtt: rtt.get(region.id) ?? null,
    kwh, carbon: kwh * region.carbon_location_kg_per_kwh, carbonContract: kwh * region.carbon_residual_kg_per_kwh * (1 - node.green_share),
  };
}

// The filters of the view: how each is kept in the address, and what it lets through.
export const FILTERS = {
  class: (offer, wanted) => offer.device.compute_class === wanted,
  device: (offer, wanted) => offer.device.id === wanted,
  memory: (offer, least) => offer.device.memory_gb >= Number(least),
  side: (offer, wanted) => offer.region.side === wanted,
  region: (offer, wanted) => offer.region.id === wanted,
  pue: (offer, most) => offer.node.pue <= Number(most),
  price: (offer, most) => offer.ask <= Number(most),
  rtt: (offer, most) => offer.rtt !== null && offer.rtt <= Number(most),
  green: (offer, least) => offer.node.green_share * 100 >= Number(least),
};

export const filtered = (offers, settings) =>
  offers.filter((offer) => Object.entries(FILTERS).every(([name, passes]) => !settings[name] || passes(offer, settings[name])));

const SORTS = {
  ask: (offer) => offer.ask, units: (offer) => -offer.offering.units, free: (offer) => -offer.free, pue: (offer) => offer.node.pue,
  green_share: (offer) => -offer.node.green_share, latency: (offer) => offer.rtt ?? Infinity, memory_gb: (offer) => -offer.device.memory_gb,
};

export const LARGEST_FIRST = new Set(["units", "free", "green_share", "memory_gb"]);

export const sorted = (offers, by) => [...offers].sort((a, b) => (SORTS[by] ?? SORTS.ask)(a) - (SORTS[by] ?? SORTS.ask)(b) || (a.id < b.id ? -1 : 1));
