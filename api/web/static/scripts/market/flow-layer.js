// Flows on the map as a few long paths: all lines of one colour and width are one path, in a layer of their own. An hour
// that passes repaints that layer only, and two thousand lines cost what some dozens do.
import { classColour } from "../terms.js";
import { colour } from "../theme.js";
import { grouped } from "./reading.js";

const CURVENESS = 0.22, STEPS = 6, NEAR = 5, SAMPLES = 14;
const BENEATH = -1;

// `words(flow)` tells of a flow under the pointer. Gives { draw(flows, places, widest, largest), lines() }.
export function flowLayer(chart, { graphic: { extendShape } }, words) {
  const Curves = extendShape({ shape: { curves: [] }, buildPath: trace });
  const paths = new Map();
  let drawn = [], pointing = null;

  function draw(flows, regions, widest, largest) {
    drawn = flows.length ? curvesOf(chart, flows, regions, widest, largest) : [];
    const wanted = grouped(drawn, ({ flow, step }) => `${step} ${classColour(flow.jobClass)}`);
    for (const [key, path] of paths) if (!wanted.has(key)) { chart.getZr().remove(path); paths.delete(key); }
    for (const [key, curves] of wanted) {
      const { step, width } = curves[0];
      const path = paths.get(key) ?? new Curves({ silent: true, zlevel: BENEATH, z: step, style: { fill: null } });
      path.attr({ shape: { curves }, style: { stroke: colour(key.split(" ")[1]), lineWidth: width, opacity: 0.3 + (0.5 * step) / STEPS } });
      path.dirty();
      if (!paths.has(key)) { paths.set(key, path); chart.getZr().add(path); }
    }
  }
  // After the chart's own answer to the pointer, which would hide what is shown here.
  function point({ offsetX: x, offsetY: y, target }) {
    cancelAnimationFrame(pointing);
    const found = target ? null : nearest(drawn, x, y);
    if (found) pointing = requestAnimationFrame(() => chart.dispatchAction({ type: "showTip", x, y, tooltip: { content: "", formatter: words(found.flow) } }));
  }
  chart.getZr().on("mousemove", point);
  chart.getZr().on("globalout", () => cancelAnimationFrame(pointing));
  return { draw, lines: () => drawn.length };
}

// Quadratic curves in pixels, bent to one side so that there and back do not cover each other; those out of sight are left out.
function curvesOf(chart, flows, regions, widest, largest) {
  const pixels = new Map();
  const at = (id) => {
    if (!pixels.has(id)) pixels.set(id, chart.convertToPixel({ geoIndex: 0 }, [regions.get(id).lon, regions.get(id).lat]));
    return pixels.get(id);
  };
  const right = chart.getWidth(), bottom = chart.getHeight();
  return flows.flatMap((flow) => {
    const [fromX, fromY] = at(flow.from), [toX, toY] = at(flow.to);
    const bendX = (fromX + toX) / 2 - (fromY - toY) * CURVENESS, bendY = (fromY + toY) / 2 - (toX - fromX) * CURVENESS;
    const hidden = Math.max(fromX, toX, bendX) < 0 || Math.min(fromX, toX, bendX) > right || Math.max(fromY, toY, bendY) < 0 || Math.min(fromY, toY, bendY) > bottom;
    if (hidden) return [];
    const step = Math.ceil(STEPS * Math.sqrt(flow.kw / largest));
    return [{ flow, step, width: 0.6 + (widest * step) / STEPS, fromX, fromY, bendX, bendY, toX, toY }];
  });
}

function trace(context, { curves }) {
  for (const { fromX, fromY, bendX, bendY, toX, toY } of curves) {
    context.moveTo(fromX, fromY);
    context.quadraticCurveTo(bendX, bendY, toX, toY);
  }
}

// The widest of the lines that pass close to a point.
function nearest(curves, x, y) {
  const close = curves.filter((curve) => Array.from({ length: SAMPLES + 1 }, (_, at) => at / SAMPLES).some((t, at) => at > 0 && distance(curve, t - 1 / SAMPLES, t, x, y) < NEAR + curve.width / 2));
  return close.reduce((best, curve) => (best && best.flow.kw >= curve.flow.kw ? best : curve), null);
}

// From a point to the chord between two places of a curve.
function distance(curve, from, to, x, y) {
  const [ax, ay] = placeOn(curve, from), [bx, by] = placeOn(curve, to);
  const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
  const along = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
  return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay));
}

const placeOn = ({ fromX, fromY, bendX, bendY, toX, toY }, t) => [
  (1 - t) ** 2 * fromX + 2 * t * (1 - t) * bendX + t ** 2 * toX, (1 - t) ** 2 * fromY + 2 * t * (1 - t) * bendY + t ** 2 * toY,
];
