// The card of the front: asked for when wanted, because every point is a clearing.
import { chartCard } from "../chart.js";
import { card, element, field, select } from "../elements.js";
import { number } from "../format.js";
import { words } from "../language.js";
import { keep } from "../router.js";
import { problemLine } from "../submit/busy.js";
import { WHATIF } from "../words/whatif.js";
import { askWhatIf } from "./asking.js";
import { ACROSS, frontOption, frontTable } from "./front.js";
import { waitingBar } from "./waiting.js";

const say = words(WHATIF);
const POINTS = ["12", "24", "48"], SECONDS = ["1", "3", "10"];

// `load(point)` puts a point into scenario B.
export function sweeping(roundId, settings, load) {
  let across = Object.hasOwn(ACROSS, settings.across) ? settings.across : "carbon";
  let running = null, wait = null;
  const slot = element("div", { "aria-live": "polite" });
  const points = select(POINTS.map((count) => [count, count]), "12"), seconds = select(SECONDS.map((count) => [count, `${count} s`]), "1");
  const button = element("button", { type: "submit", class: "main" }, say("sweep"));

  async function sweep() {
    running = new AbortController();
    wait = waitingBar(Number(seconds.value), stop);
    button.disabled = true;
    slot.replaceChildren(wait.bar);
    try {
      const body = { round_id: roundId, points: Number(points.value), seconds_limit: Number(seconds.value) };
      show(await askWhatIf("/v1/scenarios/sweep", body, running.signal, wait.told));
    } catch (error) {
      slot.replaceChildren(...(error.name === "AbortError" ? [element("p", { class: "note" }, say("given_up"))] : [problemLine(error)]));
    } finally {
      wait.stop();
      button.disabled = false;
    }
  }
  function show(found) {
    const choice = select(Object.entries(ACROSS).map(([name, { label }]) => [name, label()]), across, {
      "aria-label": say("across"), onchange: ({ target }) => { across = target.value; keep({ across }); chart.update(); },
    });
    const chart = chartCard({
      title: say("front"), note: say("front_of", { orders: number(found.orders), left: number(found.left_out) }), name: "pareto-front", height: 420, tools: [choice],
      draw: () => frontOption(found.points, across), data: () => frontTable(found.points, load),
      onchart: (drawn) => drawn.on("click", ({ data }) => data?.point && load(data.point)),
    });
    slot.replaceChildren(chart.card);
  }
  function stop() {
    running?.abort();
    wait?.stop();
  }
  const form = element("form", { class: "row", onsubmit: (event) => { event.preventDefault(); sweep(); } }, field(say("points"), points), field(say("seconds_each"), seconds), button);
  return { content: card(say("front_title"), say("front_note"), form, slot), stop };
}
