// What happens, heard once for the whole tab and told to whoever waits for it: one stream, however much is shown.
import { onSession } from "./session.js";
import { listen } from "./stream.js";

const waiting = new Set();
let stream = null, hearing = false;

// Calls heard({ id, event, data }) for each event of these kinds ("order.*", "round.landed") until `signal` is aborted;
// listen() says when `connected` and `missed` are called.
export function hear(kinds, heard, { signal = null, connected = () => {}, missed }) {
  if (signal?.aborted) return;
  const one = { kinds, heard, connected, missed };
  waiting.add(one);
  signal?.addEventListener("abort", () => waiting.delete(one), { once: true });
  connected(hearing);
  if (!stream) begin();
}

function begin() {
  stream?.abort();
  stream = new AbortController();
  hearing = false;
  listen("/v1/events", tell, { signal: stream.signal, connected: tellConnected, missed: () => { for (const { missed } of [...waiting]) missed(); } });
}

function tell(event) {
  for (const { kinds, heard } of [...waiting]) if (kinds.some((kind) => fits(kind, event.event))) heard(event);
}
function tellConnected(on) {
  hearing = on;
  for (const { connected } of [...waiting]) connected(on);
}

const fits = (kind, event) => (kind.endsWith("*") ? event.startsWith(kind.slice(0, -1)) : event === kind);

// Another key hears other things.
onSession(() => { if (stream) begin(); });
