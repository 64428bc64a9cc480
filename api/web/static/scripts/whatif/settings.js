// A scenario's settings: in the address, and as the API takes them. What is not set is as it is.

export const SIDES = ["east", "centre", "northeast", "west"];
export const POLICIES = ["balanced", "price", "green", "latency"];

// Sliders: the field of the API that each sets, and how far it goes. `own` is the policy's field that it takes the place of,
// `rest` where it stands while things are as they are.
export const SLIDERS = {
  energy: { field: "energy_weight", min: 0, max: 5, step: 0.1, own: "energy_weight" },
  carbon: { field: "carbon_price_per_kg", min: 0, max: 20, step: 0.05, own: "carbon_price_per_kg" },
  latency: { field: "latency_weight", min: 0, max: 10, step: 0.1, own: "latency_weight" },
  ms_price: { field: "latency_price_per_ms_unit_hour", min: 0, max: 0.02, step: 0.0001, own: null, rest: 0 },
  demand: { field: "demand_scale", min: 0.1, max: 3, step: 0.05, own: null, rest: 1 },
  rtt: { field: "max_rtt_ms", min: 2, max: 80, step: 1, own: null },
};
const PRICES = new Set(["carbon", "ms_price"]);
export const GROWTH = { min: 0.5, max: 3, step: 0.05 };
// Which orders are left out or repeated while demand is scaled; 0 unless another is named.
export const SEEDS = { min: 0, max: 2147483647, step: 1 };

export const asIs = () => ({ policy: null, energy: null, carbon: null, latency: null, ms_price: null, demand: null, seed: null, rtt: null, down: [], grow: {} });
export const isAsIs = (scenario) => JSON.stringify(scenario) === JSON.stringify(asIs());

const within = (value, { min, max }) => (Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : null);

// `side` is "a" or "b": ?b_carbon=1.5&b_down=zhongwei_cloud&b_grow=west:2.
export function fromAddress(settings, side, { nodes, regions }) {
  const given = (name) => settings[`${side}_${name}`] || null;
  const grow = (given("grow") ?? "").split(",").map((pair) => pair.split(":")).filter(([place]) => SIDES.includes(place) || regions.has(place));
  const slid = Object.entries(SLIDERS).map(([name, range]) => [name, given(name) === null ? null : within(Number(given(name)), range)]);
  const seed = Number(given("seed"));
  const seeded = slid.some(([name, value]) => name === "demand" && value !== null) && Number.isInteger(seed);
  return {
    ...asIs(), policy: POLICIES.includes(given("policy")) ? given("policy") : null, ...Object.fromEntries(slid), seed: seeded ? within(seed, SEEDS) || null : null,
    down: (given("down") ?? "").split(",").filter((id) => nodes.has(id)),
    grow: Object.fromEntries(grow.map(([place, factor]) => [place, within(Number(factor), GROWTH) ?? 1])),
  };
}

export function toAddress(scenario, side) {
  const grow = Object.entries(scenario.grow).map(([place, factor]) => `${place}:${factor}`).join(",");
  const told = { ...scenario, down: scenario.down.join(","), grow };
  return Object.fromEntries(Object.entries(told).map(([name, value]) => [`${side}_${name}`, value === "" ? null : value]));
}

// A ScenarioRequest. A side's growth holds for its regions, but for those that have their own.
export function requestOf(scenario, name, regions) {
  const ofSides = [...regions.values()].filter((region) => region.side in scenario.grow).map((region) => [region.id, scenario.grow[region.side]]);
  const ofRegions = Object.entries(scenario.grow).filter(([place]) => regions.has(place));
  const slid = Object.entries(SLIDERS).filter(([key]) => scenario[key] !== null)
    .map(([key, { field }]) => [field, PRICES.has(key) ? scenario[key].toFixed(6) : scenario[key]]);
  return { name, policy: scenario.policy, ...Object.fromEntries(slid), demand_seed: scenario.seed ?? 0, nodes_down: scenario.down, growth: Object.fromEntries([...ofSides, ...ofRegions]) };
}
