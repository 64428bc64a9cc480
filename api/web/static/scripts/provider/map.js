// A provider's centres on a small map: the circle is listed power, its colour how much of it is allocated.
import { amount } from "../amount.js";
import { chinaGeo, schematicMark } from "../china-map.js";
import { number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { placeNodes } from "../market/reading.js";
import { term } from "../terms.js";
import { colour } from "../theme.js";
import { PROVIDER } from "../words/provider.js";
import { unitKw } from "./reading.js";

const say = words(PROVIDER);

// [{ node, region, offerings, kw, share }], the largest first.
export function centresOf(shown, calendars) {
  const found = new Map();
  for (const offering of shown.offerings) {
    if (offering.state !== "open") continue;
    const node = shown.nodes.get(offering.node_id);
    const known = found.get(node.id) ?? { node, region: shown.regions.get(node.region_id), offerings: 0, kw: 0, allocated: 0, usable: 0 };
    const weight = unitKw(shown, offering);
    known.offerings += 1;
    known.kw += offering.units * weight;
    for (const hour of calendars.get(offering.id) ?? []) {
      known.allocated += hour.allocated_units * weight;
      known.usable += hour.usable_units * weight;
    }
    found.set(node.id, known);
  }
  return [...found.values()].map((centre) => ({ ...centre, share: centre.usable ? centre.allocated / centre.usable : null })).sort((a, b) => b.kw - a.kw);
}

export function centresOption(shown, calendars) {
  const centres = centresOf(shown, calendars), places = placeNodes(shown);
  const largest = Math.max(...centres.map(({ kw }) => kw), 1);
  return {
    geo: chinaGeo({ zoom: 1, layoutCenter: ["50%", "54%"], layoutSize: "112%" }),
    tooltip: { trigger: "item", formatter: ({ data }) => centreWords(data.centre) },
    visualMap: {
      type: "continuous", dimension: 2, min: 0, max: 1, calculable: false, left: 8, bottom: 8, itemHeight: 60, itemWidth: 10, text: ["100%", "0%"],
      inRange: { color: [colour("low"), colour("middle"), colour("high")] }, outOfRange: { color: colour("line") }, textStyle: { color: colour("soft"), fontSize: 11 },
    },
    series: [{
      type: "scatter", coordinateSystem: "geo", animation: false,
      data: centres.map((centre) => ({
        name: nameOf(centre.node), centre, value: [...places.get(centre.node.id), centre.share ?? "-"], symbolSize: 10 + 20 * Math.sqrt(centre.kw / largest),
        itemStyle: { borderColor: centre.node.state === "down" ? colour("bad") : colour("accent"), borderWidth: 2, borderType: centre.node.state === "down" ? "dashed" : "solid" },
      })),
      label: { show: true, position: "right", color: colour("ink"), textBorderColor: colour("map"), textBorderWidth: 3, formatter: "{b}" }, labelLayout: { hideOverlap: true },
    }],
    graphic: [schematicMark()],
  };
}

const centreWords = ({ node, region, offerings, kw, share }) => [
  `${nameOf(node)} · ${nameOf(region)} (${term(region.side)})${node.state === "down" ? ` · ${term("down")}` : ""}`,
  `${say("offerings")}: ${number(offerings)} · ${say("listed_power")}: ${withUnit(kw, term("unit_kw"))}`, `${say("allocated_share")}: ${percent(share, 0)}`,
].join("\n");

export const centresTable = (shown, calendars) => ({
  columns: [{ label: term("node"), word: true }, { label: term("region"), word: true }, { label: say("offerings") }, { label: say("listed_power"), unit: term("unit_kw") }, { label: say("allocated_share"), unit: term("unit_share") }, { label: "PUE" }],
  rows: centresOf(shown, calendars).map(({ node, region, offerings, kw, share }) => [nameOf(node), nameOf(region), amount(offerings, number), amount(kw, number), amount(share, (v) => percent(v, 0)), amount(node.pue, (v) => number(v, 2))]),
});
