// The catalogue, read once and kept until something in it changes: regions, nodes, devices, offerings.
import { all } from "./api.js";
import { listen } from "./stream.js";

const byId = (things) => new Map(things.map((thing) => [thing.id, thing]));
let reading = null;
let watching = null;

export function readCatalogue() {
  watching ??= listen("/v1/events?kinds=offering.*&kinds=node.*&kinds=region.*", () => { reading = null; });
  reading ??= read().catch((error) => { reading = null; throw error; });
  return reading;
}

async function read() {
  const [regions, nodes, devices, offerings] = await Promise.all(["/v1/regions", "/v1/nodes", "/v1/devices", "/v1/offerings"].map((path) => all(path)));
  return { regions: byId(regions), nodes: byId(nodes), devices: byId(devices), offerings: byId(offerings) };
}

// Facility power of everything that is listed at a node, in kW.
export function listedKilowatts({ nodes, devices, offerings }) {
  const listed = new Map();
  for (const offering of offerings.values()) {
    if (offering.state !== "open") continue;
    const node = nodes.get(offering.node_id);
    const kilowatts = (offering.units * devices.get(offering.device_id).watts_per_unit * node.pue) / 1000;
    listed.set(node.id, (listed.get(node.id) ?? 0) + kilowatts);
  }
  return listed;
}
