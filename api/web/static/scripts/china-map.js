// The national map under everything that is drawn on it: a schematic (示意图), as its source says.
import { echarts } from "./chart.js";
import { words } from "./language.js";
import { colour } from "./theme.js";
import { FRAME } from "./words/frame.js";

const say = words(FRAME);
let registered = null;

// Registered as "china", so that ECharts draws the southern islands as the inset they are in its own maps.
export function readMap() {
  registered ??= Promise.all([echarts(), fetch(new URL("../map/china.json", import.meta.url)).then((answer) => answer.json())])
    .then(([{ registerMap }, map]) => registerMap("china", map))
    .catch((error) => { registered = null; throw error; });
  return registered;
}

// The `geo` part of an option; `given` wins.
export const chinaGeo = (given = {}) => ({
  map: "china", roam: true, scaleLimit: { min: 0.9, max: 12 }, silent: true,
  itemStyle: { areaColor: colour("land"), borderColor: colour("border"), borderWidth: 0.7 },
  emphasis: { disabled: true }, label: { show: false }, ...given,
});

export const schematicMark = () => ({
  type: "text", right: 12, bottom: 2, silent: true, style: { text: say("schematic"), fill: colour("soft"), fontSize: 12 },
});
