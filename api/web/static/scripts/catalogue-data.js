// The catalogue, read once and kept until something in it changes: regions, nodes, devices, offerings.
import { all } from "./api.js";
import { hear } from "./events.js";

const byId = (things) => new Map(things.map((thing) => [thing.id, thing]));
let reading = null;
let watching = false;

export function readCatalogue() {
  watch();
  reading ??= read().catch((error) => { reading = null; throw error; });
  return reading;
}

function watch() {
  if (watching) return;
  watching = true;
  const forget = () => { reading = null; };
  hear(["offering.*", "node.*", "region.*"], forget, { missed: forget });
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
