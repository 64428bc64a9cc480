// How much is listed where, in IT kilowatts: the one measure in which cards and cores add up.

export function listedKilowatts({ offerings, devices }) {
  const listed = new Map();
  for (const offering of offerings) {
    if (offering.state !== "open") continue;
    const kilowatts = (offering.units * devices.get(offering.device_id).watts_per_unit) / 1000;
    listed.set(offering.node_id, (listed.get(offering.node_id) ?? 0) + kilowatts);
  }
  return listed;
}

export function listedByRegion(found) {
  const byNode = listedKilowatts(found);
  const listed = new Map();
  for (const node of found.nodes.values()) listed.set(node.region_id, (listed.get(node.region_id) ?? 0) + (byNode.get(node.id) ?? 0));
  return listed;
}
