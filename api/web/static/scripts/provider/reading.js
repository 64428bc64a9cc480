// What a provider's room shows: whose it is, what it lists, what was granted there.
import { all, get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { role, whoami } from "../session.js";

const MOST_ALLOCATIONS = 3000;
const RUNNING = ["granted", "active"];

// The provider asked for; an operator without a choice is shown the one that lists most.
export async function readProvider(asked) {
  const [catalogue, providers] = await Promise.all([readCatalogue(), all("/v1/providers")]);
  const id = role() === "operator" ? asked ?? largest(catalogue, providers) : whoami().organisation_id;
  if (!id) return { ...catalogue, providers, id: null };
  const offerings = await all("/v1/offerings", { provider_id: id });
  return { ...catalogue, providers, id, offerings: offerings.sort((a, b) => (a.state < b.state ? -1 : a.state > b.state ? 1 : a.id < b.id ? -1 : 1)) };
}

function largest({ offerings }, providers) {
  const listed = new Map();
  for (const { provider_id: id, state } of offerings.values()) if (state === "open") listed.set(id, (listed.get(id) ?? 0) + 1);
  return [...listed].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? providers[0]?.id ?? null;
}

// Allocations that run or are to come, by start.
export const readAllocations = async ({ id }) => sorted(await allOf({ provider_id: id }));

const sorted = (allocations) => allocations.sort((a, b) => (a.starts_at < b.starts_at ? -1 : a.starts_at > b.starts_at ? 1 : a.id < b.id ? -1 : 1));
const allOf = async (params) => (await Promise.all(RUNNING.map((state) => all("/v1/allocations", { ...params, state }, MOST_ALLOCATIONS)))).flat();

export async function readCalendars(offerings, hours) {
  const open = offerings.filter(({ state }) => state === "open");
  const found = await Promise.all(open.map(({ id }) => get(`/v1/offerings/${encodeURIComponent(id)}/calendar`, { hours })));
  return new Map(found.map((calendar) => [calendar.offering_id, calendar.hours]));
}

// Facility power of one unit, in kW.
export const unitKw = ({ nodes, devices }, offering) => (devices.get(offering.device_id).watts_per_unit * nodes.get(offering.node_id).pue) / 1000;
