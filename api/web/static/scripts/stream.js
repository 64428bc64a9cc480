// Server-sent events over fetch, because an EventSource cannot carry a key. Reconnects by itself and goes on where it broke
// off; a tab that nobody looks at hears nothing until it is looked at again.
import { apiKey, refused } from "./session.js";
import { takeTurn, untilSeen } from "./stream-turns.js";

const FIRST_WAIT = 500, LONGEST_WAIT = 15_000;
const LATE_MS = 1000, LONGEST_AWAY_MS = 300_000;
const BROKEN = "broken", REFUSED = "refused";

// Calls heard({ id, event, data }) for each event until `signal` is aborted. `connected(on)` is told whether it hears now;
// `missed()` when something may have been told that it did not hear: it came late, or was away for too long to be told it all.
export function listen(path, heard, { signal, connected = () => {}, missed = () => {} }) {
  let seen = null, wait = FIRST_WAIT, silentSince = Date.now();

  async function follow() {
    while (!signal.aborted) {
      await untilSeen(signal);
      const ended = await takeTurn(signal, connect);
      if (signal.aborted) return;
      connected(false);
      if (ended === REFUSED) return;
      if (ended !== BROKEN) continue;
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }
  // One connection, until it breaks, is refused or its turn is over.
  async function connect(turn) {
    const key = apiKey(), missing = Date.now() - silentSince > (seen ? LONGEST_AWAY_MS : LATE_MS);
    let hearing = false;
    try {
      const answer = await fetch(path, { headers: headersOf(key, missing ? null : seen), signal: turn, cache: "no-store" });
      if (!answer.ok) return refusal(answer.status, key);
      hearing = true;
      connected(true);
      if (missing) missed();
      wait = FIRST_WAIT;
      for await (const event of readEvents(answer.body)) {
        seen = event.id ?? seen;
        if (event.data !== "") tell(heard, event);
      }
      return BROKEN;
    } catch { // a connection that broke: it is made again
      return turn.aborted ? null : BROKEN;
    } finally {
      if (hearing) silentSince = Date.now();
    }
  }
  follow();
}

// A mistake of a view that is told is no break of the stream.
function tell(heard, event) {
  try { heard({ ...event, data: JSON.parse(event.data) }); } catch (error) { reportError(error); }
}

function headersOf(key, last) {
  const headers = { Accept: "text/event-stream" };
  if (key) headers.Authorization = `Bearer ${key}`;
  if (last) headers["Last-Event-ID"] = last;
  return headers;
}

function refusal(status, key) {
  if (status >= 500 || status === 429) return BROKEN;
  if (status === 401) refused(key);
  return REFUSED;
}

export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer = (buffer + value).replaceAll("\r\n", "\n");
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      const event = parse(buffer.slice(0, end));
      buffer = buffer.slice(end + 2);
      if (event) yield event;
    }
  }
}

// A block with an id and no data tells where the stream is: nothing happened, but whoever comes again comes from there.
function parse(block) {
  const found = { id: null, event: "message", data: [] };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") found.data.push(value);
    else if (name === "id" || name === "event") found[name] = value;
  }
  return found.data.length || found.id ? { ...found, data: found.data.join("\n") } : null;
}
