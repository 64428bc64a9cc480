// A card with the map. An hour that passes repaints flows and fills of centres only; the country stays as it is drawn.
import { chartCard } from "../chart.js";
import { element } from "../elements.js";
import { words } from "../language.js";
import { MARKET } from "../words/market.js";
import { flowLayer } from "./flow-layer.js";
import { flowsAt, largestFlow } from "./flows.js";
import { layerOf } from "./layers.js";
import { APART_FROM_ZOOM, fillOf, flowTable, flowWords, mapOption, mapTable, othersBeside, widestLine } from "./map.js";

const say = words(MARKET);

// `moved(chart)` is told when the map was moved or zoomed by its reader. Gives chartCard's, and `pass(hour)`.
export function mapCard(market, state, { moved = () => {}, ...card }) {
  let flows = null, library = null;
  const told = element("p", { class: "note" });

  function drawFlows() {
    const seen = { ...state, apart: state.zoom >= APART_FROM_ZOOM };
    const shown = flowsAt(market.schedule, seen);
    flows.draw(shown, market.regions, widestLine(state), largestFlow(shown, othersBeside(market), seen));
    made.card.dataset.lines = flows.lines();
    told.textContent = say(seen.apart ? "zoomed_in" : "zoomed_out");
  }
  function fillNodes() {
    const fill = fillOf(layerOf(state.layer, market, state), library.color.lerp);
    const shown = made.chart().getModel().getSeriesByIndex(0).getData();
    [...market.nodes.values()].forEach((node, at) => shown.getItemGraphicEl(at)?.childAt(0).setStyle("fill", fill(node)));
  }
  function pass(hour) {
    state.hour = hour;
    if (!made.chart()) return;
    drawFlows();
    if (state.layer === "use") fillNodes();
    made.fill();
  }
  function roamed() {
    const geo = made.chart().getModel().getComponent("geo");
    const crossed = geo.get("zoom") >= APART_FROM_ZOOM !== state.zoom >= APART_FROM_ZOOM;
    Object.assign(state, { zoom: geo.get("zoom"), centre: geo.get("center") });
    if (crossed) made.update(); else drawFlows();
    moved(made.chart());
  }
  const made = chartCard({
    ...card, draw: (still) => mapOption(market, state, still), data: () => mapTable(market, state),
    further: [{ title: say("flows_at"), name: `${card.name}-flows`, data: () => flowTable(market, state) }],
    onchart: (chart, echarts) => {
      library = echarts;
      flows = flowLayer(chart, echarts, (flow) => flowWords(market, flow));
      chart.on("georoam", roamed);
    },
    ondraw: drawFlows,
  });
  made.card.append(told);
  return { ...made, pass, roamed };
}
