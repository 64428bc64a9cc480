// A what-if as it comes along: clearing by clearing, then its answer. Who aborts the signal gives it up, and so does the exchange.
import { Problem, send } from "../api.js";
import { readEvents } from "../stream.js";

// told({ event, data }) hears of `progress` within a clearing and of each `step` that is done.
export async function askWhatIf(path, body, signal, told) {
  const answer = await send("POST", path, { body, signal, headers: { Accept: "text/event-stream" } });
  for await (const { event, data } of readEvents(answer.body)) {
    const found = JSON.parse(data);
    if (event === "answer") return found;
    if (event === "failed") throw new Problem(found.status, found);
    told({ event, data: found });
  }
  throw new Problem(0, { code: "unreachable", detail: "the stream ended before its answer" });
}
