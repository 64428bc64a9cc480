// How wide labels are. ECharts looks at some of them only where there are many, and cuts off what is wider.
const MARGIN = 8;
const ruler = document.createElement("canvas").getContext("2d");

// Pixels that labels need left of an axis, each no wider than `most`.
export function roomFor(labels, fontSize, most) {
  ruler.font = `${fontSize}px ${getComputedStyle(document.body).fontFamily}`;
  const widest = Math.max(0, ...labels.map((label) => ruler.measureText(label).width));
  return Math.ceil(Math.min(most, widest)) + 2 * MARGIN;
}
