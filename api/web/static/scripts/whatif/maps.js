// Two maps of one country, moved and zoomed as one.
import { chartCard } from "../chart.js";
import { element, field, select } from "../elements.js";
import { words } from "../language.js";
import { hourClock } from "../market/clock.js";
import { APART_FROM_ZOOM, mapOption, mapTable } from "../market/map.js";
import { placeNodes } from "../market/reading.js";
import { keep } from "../router.js";
import { MARKET } from "../words/market.js";
import { WHATIF } from "../words/whatif.js";

const say = words(WHATIF), name = words(MARKET);
const narrow = matchMedia("(max-width: 700px)");
const LAYERS = ["use", "pue", "carbon_location", "carbon_market"];

// An outcome as the market's map reads it.
function marketOf(catalogue, outcome, down) {
  const nodes = new Map([...catalogue.nodes].map(([id, node]) => [id, down.includes(id) ? { ...node, state: "down" } : node]));
  return { ...catalogue, nodes, places: placeNodes(catalogue), prices: { items: [] }, schedule: outcome.schedule };
}

// shown: [{ side, outcome, down }]. Gives { content, stop }.
export function twinMaps(catalogue, shown, settings) {
  const state = { layer: LAYERS.includes(settings.layer) ? settings.layer : "use", hour: null, jobClass: null, local: false, zoom: 1, centre: null, narrow: narrow.matches };
  const markets = shown.map(({ outcome, down }) => marketOf(catalogue, outcome, down));
  const cards = shown.map(({ side }, at) => chartCard({
    title: say("map_of", { name: side.toUpperCase() }), name: `what-if-${side}`, height: narrow.matches ? 320 : 460,
    draw: () => mapOption(markets[at], state), data: () => mapTable(markets[at], state), onchart: (chart) => chart.on("georoam", () => follow(chart)),
  }));

  function follow(moved) {
    const { zoom, center } = moved.getOption().geo[0];
    const crossed = zoom >= APART_FROM_ZOOM !== state.zoom >= APART_FROM_ZOOM;
    Object.assign(state, { zoom, centre: center });
    cards.forEach(({ chart }, at) => {
      if (!chart()) return;
      if (chart() !== moved) chart().setOption({ geo: [{ zoom, center }] }, { lazyUpdate: true });
      if (crossed) chart().setOption(mapOption(markets[at], state), { replaceMerge: ["series"], lazyUpdate: true });
    });
  }
  const change = (changes) => { Object.assign(state, changes); for (const { update } of cards) update(); };
  const hours = shown[0].outcome.schedule.hours;
  const clock = hourClock(hours, null, (hour) => change({ hour }));
  const layer = select(LAYERS.map((one) => [one, name(`layer_${one}`)]), state.layer, { onchange: ({ target }) => { keep({ layer: target.value }); change({ layer: target.value }); } });
  return {
    content: element("section", { "aria-label": say("maps") },
      element("div", { class: "row" }, field(name("layer"), layer), element("div", { class: "grow" }, clock.controls)),
      element("p", { class: "note" }, say("maps_note")),
      element("div", { class: "columns two" }, cards.map(({ card }) => card))),
    stop: clock.stop,
  };
}
