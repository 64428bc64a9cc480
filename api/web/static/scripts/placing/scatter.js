// Places for an order as a picture: one bubble a computing centre, its area the carbon, the order's limits as lines.
import { number } from "../format.js";
import { nameOf, words } from "../language.js";
import { term } from "../terms.js";
import { colour } from "../theme.js";
import { PLACING } from "../words/placing.js";
import { AXES, axisName } from "./axes.js";

const say = words(PLACING);

// How each group is drawn: told apart by shape as well as by colour, best last so that it lies on top.
export const GROUPS = [
  ["ruled", { symbol: "triangle", token: "soft", hollow: true }],
  ["busy", { symbol: "rect", token: "c4", hollow: true }],
  ["priced", { symbol: "circle", token: "c3", hollow: true }],
  ["dearer", { symbol: "circle", token: "c5" }],
  ["fits", { symbol: "circle", token: "c1" }],
  ["best", { symbol: "diamond", token: "accent" }],
  ["chosen", { symbol: "diamond", token: "accent" }],
];

const CENTRAL = new Set(["best", "chosen"]);

// places: [{ …an option of the API, node, region, group, why }]; marked: names of places that carry their label.
export function scatterOption(places, { x, y, order, marked = new Set() }) {
  const drawable = places.filter((place) => Number.isFinite(AXES[x].of(place)) && Number.isFinite(AXES[y].of(place)));
  const heaviest = Math.max(...drawable.map((place) => place.carbon_kg_location), 1e-9);
  const groups = GROUPS.filter(([name]) => drawable.some((place) => place.group === name));
  const series = groups.map(([name, look]) => groupSeries(name, look, drawable.filter((place) => place.group === name), { x, y, heaviest, marked }));
  if (series.length && order) series[0].markLine = limitLines(order, x, y);
  return {
    tooltip: { trigger: "item", formatter: ({ data }) => (data?.place ? placeWords(data.place) : "") },
    legend: { top: 0, type: "scroll", itemWidth: 14, itemHeight: 12 },
    grid: { left: 12, right: 28, top: 48, bottom: 34, containLabel: true },
    xAxis: axisOption(x, "x", order), yAxis: axisOption(y, "y", order), series,
  };
}

function groupSeries(name, { symbol, token, hollow }, places, { x, y, heaviest, marked }) {
  const tint = colour(token);
  return {
    name: say(`group_${name}`), type: "scatter", symbol, z: CENTRAL.has(name) ? 5 : 3,
    itemStyle: hollow ? { color: "transparent", borderColor: tint, borderWidth: 1.8 } : { color: tint, opacity: 0.85, borderColor: colour("card"), borderWidth: 1 },
    data: places.map((place) => ({
      name: nameOf(place.node), place, value: [AXES[x].of(place), AXES[y].of(place)],
      symbolSize: 9 + 27 * Math.sqrt(place.carbon_kg_location / heaviest),
      itemStyle: marked.has(place.node_id) ? { borderColor: colour("ink"), borderWidth: 2.4 } : undefined,
      label: { show: CENTRAL.has(name) || marked.has(place.node_id), formatter: "{b}", position: "top", color: colour("ink"), textBorderColor: colour("card"), textBorderWidth: 3 },
    })),
    labelLayout: { moveOverlap: "shiftY" },
    emphasis: { focus: "none", label: { show: true, formatter: "{b}", position: "top", color: colour("ink"), textBorderColor: colour("card"), textBorderWidth: 3 } },
  };
}

function axisOption(axis, direction, order) {
  const limit = order ? AXES[axis].limit(order) : null;
  const reach = (extreme, pick) => (limit === null ? extreme : pick(extreme, limit));
  return {
    type: "value", name: axisName(axis), nameLocation: direction === "x" ? "middle" : "end", nameGap: direction === "x" ? 26 : 12, nameTextStyle: { color: colour("soft"), align: direction === "x" ? "center" : "left" }, scale: true,
    min: ({ min, max }) => roundTo(reach(min, Math.min) - 0.06 * (max - min || Math.abs(min) || 1), -1, min),
    max: ({ min, max }) => roundTo(reach(max, Math.max) + 0.06 * (max - min || Math.abs(max) || 1), 1),
    axisLabel: { color: colour("soft"), hideOverlap: true, formatter: (value) => (axis === "green" ? number(value * 100) + "%" : number(value, Math.abs(value) < 10 ? 1 : 0)) },
  };
}

// To two digits, away from the places; none of these measures is below zero.
function roundTo(value, way, least = 1) {
  if (value <= 0 && least >= 0) return 0;
  const step = 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - 1);
  return (way > 0 ? Math.ceil(value / step) : Math.floor(value / step)) * step;
}

function limitLines(order, x, y) {
  const line = (axis, key) => {
    const limit = AXES[axis].limit(order);
    return limit === null ? [] : [{ [key]: limit, name: say("limit_line", { axis: axisName(axis), limit: AXES[axis].write(limit) }) }];
  };
  return {
    silent: true, symbol: "none", animation: false, lineStyle: { color: colour("bad"), type: "dashed", width: 1.6 },
    label: { color: colour("bad"), formatter: "{b}", position: "insideEndTop", textBorderColor: colour("card"), textBorderWidth: 3 },
    data: [...line(x, "xAxis"), ...line(y, "yAxis")],
  };
}

function placeWords(place) {
  const measure = (axis) => `${axisName(axis)}: ${AXES[axis].write(AXES[axis].of(place))}`;
  const both = `${term("carbon_location")}: ${AXES.carbon_location.write(place.carbon_kg_location)}\n${term("carbon_market")}: ${AXES.carbon_market.write(place.carbon_kg_market)}`;
  return [`${nameOf(place.node)} · ${nameOf(place.region)}`, say(`group_${place.group}`), place.why, measure("price"), measure("cost"), measure("rtt"), both, `PUE ${AXES.pue.write(place.node.pue)} · ${axisName("green")} ${AXES.green.write(place.node.green_share)}`]
    .filter(Boolean).join("\n");
}
