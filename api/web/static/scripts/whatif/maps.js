// Two maps of one country, moved and zoomed as one.
import { card, element, field, select } from "../elements.js";
import { words } from "../language.js";
import { hourClock } from "../market/clock.js";
import { mapCard } from "../market/map-card.js";
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
  for (const market of markets) market.beside = markets;
  const views = shown.map(() => ({ ...state }));
  const cards = shown.map(({ side }, at) => mapCard(markets[at], views[at], {
    title: say("map_of", { name: side.toUpperCase() }), name: `what-if-${side}`, height: narrow.matches ? 320 : 460, moved: (chart) => follow(chart, views[at]),
  }));

  // Only what a reader moved is followed, or two maps would follow each other for ever.
  function follow(moved, { zoom, centre }) {
    cards.forEach(({ chart, roamed }, at) => {
      if (!chart() || chart() === moved || (views[at].zoom === zoom && String(views[at].centre) === String(centre))) return;
      chart().setOption({ geo: [{ zoom, center: centre }] });
      roamed();
    });
  }
  const change = (changes) => cards.forEach(({ update }, at) => { Object.assign(views[at], changes); update(); });
  const hours = shown[0].outcome.schedule.hours;
  const clock = hourClock(hours, null, { moved: (hour) => { for (const { pass } of cards) pass(hour); }, rested: () => { for (const { describe } of cards) describe(); } });
  const layer = select(LAYERS.map((one) => [one, name(`layer_${one}`)]), state.layer, { onchange: ({ target }) => { keep({ layer: target.value }); change({ layer: target.value }); } });
  shown.forEach(({ side }, at) => cards[at].card.classList.add(`side-${side}`));
  return {
    content: element("section", { "aria-label": say("maps") },
      card(say("maps"), say("maps_note"), element("div", { class: "row" }, field(name("layer"), layer), element("div", { class: "grow" }, clock.controls))),
      element("div", { class: "columns two" }, cards.map((made) => made.card))),
    stop: clock.stop,
  };
}
