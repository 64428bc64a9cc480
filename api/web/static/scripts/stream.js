// Server-sent events over fetch, because an EventSource cannot carry a key. Reconnects by itself and resumes.
import { apiKey } from "./session.js";

const FIRST_WAIT = 500, LONGEST_WAIT = 15_000;

// Calls heard({ id, event, data }) for each event until the returned function is called.
export function listen(path, heard, { last = null, connected = () => {} } = {}) {
  const stopping = new AbortController();
  let seen = last, wait = FIRST_WAIT;

  async function follow() {
    while (!stopping.signal.aborted) {
      try {
        const headers = { Accept: "text/event-stream" };
        if (apiKey()) headers.Authorization = `Bearer ${apiKey()}`;
        if (seen) headers["Last-Event-ID"] = seen;
        const answer = await fetch(path, { headers, signal: stopping.signal, cache: "no-store" });
        if (!answer.ok) {
          if (answer.status < 500 && answer.status !== 429) return;
          throw new Error(String(answer.status));
        }
        connected(true);
        wait = FIRST_WAIT;
        for await (const event of readEvents(answer.body)) {
          seen = event.id ?? seen;
          if (event.data !== "") heard({ ...event, data: JSON.parse(event.data) });
        }
      } catch (error) {
        if (stopping.signal.aborted) return;
        connected(false);
      }
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }
  follow();
  return () => stopping.abort();
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

function parse(block) {
  const found = { id: null, event: "message", data: [] };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") found.data.push(value);
    else if (name in found) found[name] = value;
  }
  return found.data.length ? { ...found, data: found.data.join("\n") } : null;
}
