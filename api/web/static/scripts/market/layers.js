// Layers of the map: what fills a node's circle. Each tells a value per node, how it is written, and its two ends of colour;
// `note` is what it counts, `legend` the same where figures do not show it themselves.
import { number, percent } from "../format.js";
import { words } from "../language.js";
import { term } from "../terms.js";
import { MARKET } from "../words/market.js";
import { usedKw } from "./reading.js";

const say = words(MARKET);
export const LAYERS = ["use", "price", "pue", "carbon_location", "carbon_market", "latency"];

export function layerOf(name, market, { hour, device, rtt }) {
  const { nodes, regions, schedule } = market;
  const hours = new Map(schedule.nodes.map((row) => [row.node_id, row]));
  const region = (node) => regions.get(node.region_id);
  const unit = { note: say("unit_carbon"), legend: say("unit_carbon"), unit: say("unit_carbon") };
  const layers = {
    use: {
      of: (node) => { const row = hours.get(node.id); return row && row.listed_kw ? usedKw(row, hour) / row.listed_kw : null; },
      write: (value) => percent(value, 0), ends: [0, 1], unit: term("unit_share"),
    },
    price: { of: (node) => cheapest(market, node, device), write: (value) => `¥${number(value, 2)}`, note: say("unit_price"), unit: say("unit_price") },
    pue: { of: (node) => node.pue, write: (value) => number(value, 2) },
    carbon_location: {
      of: (node) => region(node).carbon_location_kg_per_kwh * node.pue, write: (value) => number(value, 3), ...unit,
    },
    carbon_market: {
      of: (node) => region(node).carbon_residual_kg_per_kwh * (1 - node.green_share) * node.pue, write: (value) => number(value, 3), ...unit,
    },
    latency: { of: (node) => rtt?.get(node.region_id) ?? null, write: (value) => `${number(value, 1)} ${term("unit_ms")}`, unit: term("unit_ms") },
  };
  const layer = layers[name] ?? layers.use;
  const values = [...nodes.values()].map(layer.of).filter((value) => value !== null);
  const ends = layer.ends ?? [Math.min(...values, Infinity), Math.max(...values, -Infinity)];
  return { name: name in layers ? name : "use", note: "", legend: "", ...layer, ends };
}

// The lowest mean price of a device's offerings at a node.
function cheapest({ prices, offerings }, node, device) {
  const found = prices.items.filter((price) => price.node_id === node.id && offerings.get(price.offering_id)?.device_id === device);
  return found.length ? Math.min(...found.map((price) => Number(price.effective.mean))) : null;
}

// Devices that are listed at more places come first.
export function listedDevices({ offerings, devices }) {
  const places = new Map();
  for (const offering of offerings.values()) {
    if (offering.state !== "open") continue;
    places.set(offering.device_id, (places.get(offering.device_id) ?? new Set()).add(offering.node_id));
  }
  return [...places.entries()].sort((a, b) => b[1].size - a[1].size || (a[0] < b[0] ? -1 : 1)).map(([id]) => devices.get(id));
}
