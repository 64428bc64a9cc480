// The map: nodes over the country, flows between regions, at one hour of the round.
import { amount } from "../amount.js";
import { chinaGeo, schematicMark } from "../china-map.js";
import { number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { className, term } from "../terms.js";
import { colour } from "../theme.js";
import { MARKET } from "../words/market.js";
import { flowLines, flowsAt, largestFlow } from "./flows.js";
import { layerOf } from "./layers.js";
import { usedKw } from "./reading.js";

const say = words(MARKET);
export const APART_FROM_ZOOM = 2.2;

const BENEATH_FLOWS = -2;
export const widestLine = (state) => (state.narrow ? 3 : 6);

// ECharts' option for the state of the view: { layer, hour, jobClass, local, device, rtt, zoom, centre }. On the page flows
// have a layer of their own (flow-layer.js); `still`, a picture to be saved, holds them as a series.
export function mapOption(market, state, still = false) {
  const layer = layerOf(state.layer, market, state);
  const view = state.centre ? { center: state.centre } : {};
  return {
    geo: chinaGeo({ ...view, zoom: state.zoom, zlevel: BENEATH_FLOWS, layoutCenter: ["50%", "52%"], layoutSize: "116%" }),
    tooltip: { trigger: "item", formatter: ({ data }) => nodeWords(market, data.node, layerOf(state.layer, market, state), state.hour) },
    visualMap: scale(layer),
    series: [nodeSeries(market, layer, state), ...(still ? [flowSeries(market, state)] : [])],
    graphic: [schematicMark(), ringLegend([...market.nodes.values()])],
  };
}

// Markets that are drawn beside this one, to the same scale.
export const othersBeside = (market) => (market.beside ?? []).filter((one) => one !== market);

function flowSeries(market, state) {
  const seen = { ...state, apart: state.zoom >= APART_FROM_ZOOM };
  const flows = flowsAt(market.schedule, seen);
  const data = flowLines(flows, market.regions, widestLine(state), largestFlow(flows, othersBeside(market), seen));
  return { type: "lines", coordinateSystem: "geo", z: 2, data, animation: false };
}

function nodeSeries(market, layer, state) {
  const { nodes, places, schedule } = market;
  const listed = new Map(schedule.nodes.map((row) => [row.node_id, row.listed_kw]));
  const largest = Math.max(...[market, ...othersBeside(market)].flatMap((one) => one.schedule.nodes.map((row) => row.listed_kw)), 1);
  const sizes = state.narrow ? [5, 15] : [7, 30];
  const ring = ringColour(pueEnds([...nodes.values()]));
  return {
    type: "scatter", coordinateSystem: "geo", z: 3, animation: false,
    data: [...nodes.values()].map((node) => ({
      name: nameOf(node), node, value: [...places.get(node.id), layer.of(node) ?? "-"],
      symbolSize: sizes[0] + (sizes[1] - sizes[0]) * Math.sqrt((listed.get(node.id) ?? 0) / largest),
      ...(node.state === "down" ? hollow() : { itemStyle: { borderColor: ring(node.pue), borderWidth: 2.2 } }),
    })),
    label: { show: state.zoom >= APART_FROM_ZOOM, position: "right", color: colour("ink"), textBorderColor: colour("map"), textBorderWidth: 3, formatter: ({ name }) => name },
    labelLayout: { hideOverlap: true },
    emphasis: { scale: 1.15 },
  };
}

// Of a node that is down nothing is filled in.
const hollow = () => ({ visualMap: false, itemStyle: { color: colour("map"), borderColor: colour("bad"), borderWidth: 2.2, borderType: "dashed" } });

const topOf = ({ ends: [least, most] }) => (most > least ? most : least + 1);

// The scale's colour for a node, for `lerp` of the chart library.
export function fillOf(layer, lerp) {
  const colours = ["low", "middle", "high"].map(colour), none = colour("line");
  return (node) => {
    if (node.state === "down") return colour("map");
    const value = layer.of(node), part = (value - layer.ends[0]) / (topOf(layer) - layer.ends[0]);
    return value === null ? none : lerp(Math.min(1, Math.max(0, part)), colours);
  };
}

const scale = (layer) => ({
  type: "continuous", seriesIndex: 0, dimension: 2, min: layer.ends[0], max: topOf(layer),
  calculable: false, left: 8, bottom: 8, itemHeight: 90, itemWidth: 12, text: [`${layer.write(layer.ends[1])} ${layer.legend}`.trim(), layer.write(layer.ends[0])],
  inRange: { color: [colour("low"), colour("middle"), colour("high")] }, outOfRange: { color: colour("line") }, textStyle: { color: colour("soft"), fontSize: 11 },
});

const RINGS = ["good", "warn", "bad"];
const pueEnds = (nodes) => [Math.min(...nodes.map((node) => node.pue)), Math.max(...nodes.map((node) => node.pue))];

function ringColour([least, most]) {
  const steps = RINGS.map(colour);
  return (pue) => steps[Math.min(RINGS.length - 1, Math.floor((RINGS.length * (pue - least)) / (most - least || 1)))];
}

// What the rings' colours stand for.
function ringLegend(nodes) {
  const [least, most] = pueEnds(nodes);
  const from = (at) => number(least + (at * (most - least)) / RINGS.length, 2);
  const line = (token, at) => [
    { type: "circle", shape: { cx: 6, cy: 8 + 18 * at, r: 4.5 }, style: { fill: "transparent", stroke: colour(token), lineWidth: 2.2 } },
    { type: "text", x: 17, y: 2 + 18 * at, style: { text: `PUE ${from(at)}–${from(at + 1)}`, fill: colour("soft"), fontSize: 11 } },
  ];
  return { type: "group", left: 10, top: 8, silent: true, children: RINGS.flatMap(line) };
}

function nodeWords({ regions, schedule }, node, layer, hour) {
  const region = regions.get(node.region_id);
  const row = schedule.nodes.find((one) => one.node_id === node.id);
  const value = layer.of(node);
  return [
    `${nameOf(node)} · ${nameOf(region)} (${term(region.side)})${node.state === "down" ? ` · ${term("down")}` : ""}`,
    row ? `${say("used_kw")}: ${withUnit(usedKw(row, hour), term("unit_kw"))} / ${withUnit(row.listed_kw, term("unit_kw"))} (${percent(usedKw(row, hour) / row.listed_kw, 0)})` : "",
    `PUE ${number(node.pue, 2)} · ${say("green")} ${percent(node.green_share, 0)}`,
    `${say(`layer_${layer.name}`)}: ${value === null ? say("nowhere_offered") : layer.write(value)} ${layer.note}`,
  ].filter(Boolean).join("\n");
}

// Whose flow it is: a class, several, or several of which one has most.
const classWords = ({ jobClass, mixed }) => (mixed && jobClass !== null ? say("mostly", { name: className(jobClass) }) : className(jobClass));

export function flowWords({ regions }, flow) {
  return `${nameOf(regions.get(flow.from))} → ${nameOf(regions.get(flow.to))}\n${classWords(flow)} · ${withUnit(flow.kw, term("unit_kw"), 1)} · ${say("orders")} ${number(flow.orders)}`;
}

const whole = (share) => percent(share, 0), fine = (value) => number(value, 2);

// The same figures as rows.
export function mapTable(market, state) {
  const layer = layerOf(state.layer, market, state);
  const label = (key, word = false) => ({ label: say(key), word }), measured = (key, unit) => ({ label: say(key), unit: term(unit) });
  return {
    columns: [label("node", true), label("region", true), label("side", true), measured("listed_kw", "unit_kw"), measured("used_kw", "unit_kw"), measured("use", "unit_share"), label("pue"), measured("green", "unit_share"), { label: say(`layer_${layer.name}`), unit: layer.unit }],
    rows: market.schedule.nodes.map((row) => {
      const node = market.nodes.get(row.node_id), region = market.regions.get(node.region_id), value = layer.of(node), used = usedKw(row, state.hour);
      return [nameOf(node), nameOf(region), term(region.side), amount(row.listed_kw, number), amount(used, number), amount(used / row.listed_kw, whole), amount(node.pue, fine), amount(node.green_share, whole), amount(value, (v) => (v === null ? "–" : layer.write(v)))];
    }),
  };
}

// Flows as they are drawn, the largest first.
export function flowTable(market, state) {
  const flows = flowsAt(market.schedule, { ...state, apart: state.zoom >= APART_FROM_ZOOM }).reverse();
  const place = (id) => nameOf(market.regions.get(id));
  return {
    columns: [{ label: say("from"), word: true }, { label: say("to"), word: true }, { label: say("job_class"), word: true }, { label: say("used_kw"), unit: term("unit_kw") }, { label: say("orders") }],
    rows: flows.map((flow) => [place(flow.from), place(flow.to), classWords(flow), amount(flow.kw, (kw) => number(kw, 1)), amount(flow.orders, number)]),
  };
}
