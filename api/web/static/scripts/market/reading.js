// What the market view shows: a landed round, its schedule, the catalogue it cleared and its prices.
import { all, get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";

// The round asked for, else the newest that landed; null where none has.
export async function readMarket(roundId) {
  const id = roundId ?? (await get("/v1/rounds", { state: "landed", limit: 1 })).items[0]?.id;
  if (!id) return null;
  const [round, schedule, catalogue, prices] = await Promise.all([
    get(`/v1/rounds/${encodeURIComponent(id)}`), get(`/v1/rounds/${encodeURIComponent(id)}/schedule`), readCatalogue(),
    get("/v1/prices", { round_id: id }),
  ]);
  return { round, schedule, prices, places: placeNodes(catalogue), ...catalogue };
}

export const readRtt = async (from) =>
  new Map((await all("/v1/round-trip-times", { from_region_id: from })).map((rtt) => [rtt.to_region_id, rtt.rtt_ms]));

// Where nodes are drawn: at their region, around it where several share one.
export function placeNodes({ regions, nodes }) {
  const sharing = grouped(nodes.values(), (node) => node.region_id);
  const places = new Map();
  for (const [regionId, together] of sharing) {
    const { lon, lat } = regions.get(regionId);
    together.forEach((node, at) => {
      const turn = (2 * Math.PI * at) / together.length - Math.PI / 2;
      const away = together.length === 1 ? 0 : 0.55;
      places.set(node.id, [lon + away * Math.cos(turn) * 1.2, lat + away * Math.sin(turn)]);
    });
  }
  return places;
}

// Map.groupBy, which not every browser has.
export function grouped(things, keyOf) {
  const groups = new Map();
  for (const thing of things) {
    const key = keyOf(thing), group = groups.get(key);
    if (group) group.push(thing); else groups.set(key, [thing]);
  }
  return groups;
}

// Power of a node at an hour, or its mean over all hours (hour null), in kW.
export function usedKw(node, hour) {
  const kinds = [node.outside_kw, node.before_kw, node.granted_kw];
  return hour === null ? sum(kinds.map(mean)) : sum(kinds.map((kind) => kind[hour]));
}

// Power of a flow at an hour, or its mean over the hours of the round. The hours of very small flows are told to operators
// only: such a flow is shown at its mean.
export function flowKw(flow, hour, hours) {
  return hour === null || flow.first_hour === null ? flow.it_kwh / hours : (flow.it_kw[hour - flow.first_hour] ?? 0);
}

const mean = (values) => sum(values) / values.length;
export const sum = (values) => values.reduce((total, value) => total + value, 0);
