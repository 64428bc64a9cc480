// The live quote: asked a moment after the last change, and dropped when it is stale.
import { post } from "../api.js";

const PAUSE_MS = 450;

// `told({ asking | quote | problem })`. ask(request) asks soon, stop() lets everything go.
export function liveQuote(told) {
  let timer = null, running = null;

  function stop() {
    clearTimeout(timer);
    running?.abort();
    running = null;
  }
  async function send(request) {
    const mine = (running = new AbortController());
    try {
      const quote = await post("/v1/quotes", request, { signal: mine.signal });
      if (running === mine) told({ quote, request });
    } catch (error) {
      if (running === mine && error.name !== "AbortError") told({ problem: error });
    }
  }
  function ask(request, pause = PAUSE_MS) {
    stop();
    told({ asking: true });
    timer = setTimeout(() => send(request), pause);
  }
  return { ask, stop };
}
