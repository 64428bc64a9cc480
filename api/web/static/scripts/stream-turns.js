// Tabs share what a browser has: six connections to one host over HTTP/1.1, and a stream holds one as long as it lasts. So
// all tabs together hold four streams at most; where more tabs are seen at once, they hear in turns.

const PLACES = [0, 1, 2, 3].map((place) => `suanli.stream.${place}`);
const TURN_MS = 10_000;

// Until somebody looks at this tab.
export const untilSeen = (signal) => new Promise((resolve) => {
  const look = () => {
    if (document.hidden && !signal.aborted) return;
    document.removeEventListener("visibilitychange", look);
    signal.removeEventListener("abort", look);
    resolve();
  };
  document.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", look);
  look();
});

// Calls connect(turn) once there is a place, and gives what it gives; `turn` is aborted when the tab is hidden, when others
// have waited long enough, or with `signal`. A page that is not served securely has no locks: there each tab has its own.
export async function takeTurn(signal, connect) {
  if (!navigator.locks) return during(null, signal, connect);
  const places = [...PLACES].sort(() => Math.random() - 0.5);
  for (const place of places) {
    const found = await navigator.locks.request(place, { ifAvailable: true }, (lock) => (lock ? during(place, signal, connect).then((ended) => ({ ended })) : null));
    if (found) return found.ended;
    if (signal.aborted) return null;
  }
  try {
    return await navigator.locks.request(places[0], { signal }, () => during(places[0], signal, connect));
  } catch (error) {
    if (error.name === "AbortError") return null;
    throw error;
  }
}

async function during(place, signal, connect) {
  const turn = new AbortController();
  const end = () => turn.abort();
  const hide = () => { if (document.hidden) end(); };
  const yieldPlace = async () => { if ((await navigator.locks.query()).pending.some(({ name }) => name === place)) end(); };
  const looking = place && setInterval(yieldPlace, TURN_MS);
  signal.addEventListener("abort", end);
  document.addEventListener("visibilitychange", hide);
  if (signal.aborted || document.hidden) end();
  try {
    return await connect(turn.signal);
  } finally {
    clearInterval(looking);
    signal.removeEventListener("abort", end);
    document.removeEventListener("visibilitychange", hide);
  }
}
