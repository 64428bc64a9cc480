// The public API: what this page knows, anyone can read without a key.

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail || `${answer.status} ${answer.statusText}`);
  }
  return answer.json();
}

async function all(path) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(`${path}?limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

const byId = (things) => new Map(things.map((thing) => [thing.id, thing]));

// The newest landed round with the catalogue it cleared; null where none has landed yet.
export async function readNewestRound() {
  const newest = (await get("/v1/rounds?limit=50")).items.find((round) => round.state === "landed");
  if (!newest) return null;
  const [round, regions, nodes, offerings, devices] = await Promise.all([
    get(`/v1/rounds/${newest.id}`), all("/v1/regions"), all("/v1/nodes"), all("/v1/offerings"), all("/v1/devices"),
  ]);
  return { round, regions: byId(regions), nodes: byId(nodes), offerings, devices: byId(devices) };
}
