// Charts: drawn by ECharts in the page's colours, with the same data as a table, and saved as PNG, SVG or CSV.
import { Amount } from "./amount.js";
import { summary } from "./chart-summary.js";
import { element, freshId, table } from "./elements.js";
import { language, words } from "./language.js";
import { colour, onTheme } from "./theme.js";
import { FRAME } from "./words/frame.js";

const say = words(FRAME);
const open = new Map();
let library = null;

export const echarts = () => (library ??= import("../vendor/echarts.esm.min.js"));

// What every chart has in common; `option` wins.
function dressed(option) {
  const ink = colour("ink"), soft = colour("soft"), line = colour("line");
  const axis = { axisLabel: { color: soft }, axisLine: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line } }, nameTextStyle: { color: soft } };
  const axes = (given) => (given === undefined ? undefined : [given].flat().map((one) => ({ ...axis, ...one })));
  return {
    backgroundColor: "transparent",
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 400,
    textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily.replaceAll("\"", "'") },
    color: ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"].map(colour),
    grid: { left: 8, right: 16, top: 32, bottom: 8, containLabel: true },
    ...option,
    tooltip: option.tooltip === undefined ? undefined : {
      renderMode: "richText", backgroundColor: colour("card"), borderColor: line, textStyle: { color: ink }, confine: true, ...option.tooltip,
    },
    legend: option.legend === undefined ? undefined : { textStyle: { color: soft }, inactiveColor: line, ...option.legend },
    xAxis: axes(option.xAxis),
    yAxis: axes(option.yAxis),
  };
}

// A card with a chart: `draw(still)` gives ECharts' option in today's words and colours (still: for a picture to be saved),
// `data()` the same as { columns: [{ label, word, unit }], rows } for the table, CSV and a summary for those who cannot see it.
// In CSV an amount is as raw as the API tells it, and its column's label has the unit.
// `further` are more tables: [{ title, name, data }]. `onchart` is called once with the chart, `ondraw` whenever it was drawn.
// Returns { card, update, fill, describe, chart() }.
export function chartCard({ title, note = null, draw, data, further = [], height = 320, tall = false, name, tools = [], onchart = () => {}, ondraw = null }) {
  const slot = element("div", { class: `chart${tall ? " tall" : ""}`, role: "img", "aria-label": title });
  slot.style.height = `${height}px`;
  const tableSlot = element("div", { hidden: true });
  const id = freshId("chart");
  let chart = null, gone = false;

  const asTable = element("button", { type: "button", "aria-expanded": "false", "aria-controls": id, onclick: switchToTable }, say("as_table"));
  tableSlot.id = id;
  const saving = (kind, act, what = title) => element("button", { type: "button", "aria-label": say("save_label", { title: what, kind }), onclick: act }, kind);
  const bar = element("div", { class: "chart-tools" }, ...tools, asTable,
    saving(say("save_png"), savePng), saving(say("save_svg"), saveSvg), saving(say("save_csv"), () => saveCsv({ name, data })));
  const made = element("section", { class: "card chart-card" },
    element("div", { class: "card-head" }, element("h2", {}, title), bar), note ? element("p", { class: "note" }, note) : null, slot, tableSlot);

  function fill() {
    if (tableSlot.hidden) return;
    const { columns, rows } = data();
    tableSlot.replaceChildren(table(title, columns, rows), ...further.map(furtherTable));
  }
  function furtherTable(one) {
    const { columns, rows } = one.data();
    return element("div", { class: "further" }, element("div", { class: "card-head" }, element("h3", {}, one.title),
      element("div", { class: "chart-tools" }, saving(say("save_csv"), () => saveCsv(one), one.title))), table(one.title, columns, rows));
  }
  function describe() {
    slot.setAttribute("aria-label", `${title}. ${summary(data())}`);
  }
  function switchToTable() {
    const shown = tableSlot.hidden;
    tableSlot.hidden = !shown;
    slot.hidden = shown;
    asTable.setAttribute("aria-expanded", String(shown));
    asTable.textContent = say(shown ? "as_chart" : "as_table");
    if (shown) fill(); else resize();
  }
  function update() {
    chart?.setOption(dressed(draw(false)), { notMerge: true });
    if (chart) ondraw?.(chart);
    describe();
    fill();
  }
  function resize() {
    chart?.resize();
    if (chart) ondraw?.(chart);
  }
  async function begin() {
    const library = await echarts();
    if (gone || chart || !slot.isConnected) return;
    chart = library.init(slot, null, { renderer: "canvas", locale: language() === "zh" ? "ZH" : "EN" });
    onchart(chart, library);
    update();
    slot.dataset.drawn = "true";
  }
  async function saveSvg() {
    const { init } = await echarts();
    const still = init(null, null, { renderer: "svg", ssr: true, width: slot.clientWidth || 960, height: slot.clientHeight || height });
    still.setOption({ ...dressed(draw(true)), animation: false, backgroundColor: colour("card") });
    download(`${name}.svg`, new Blob([still.renderToSVGString()], { type: "image/svg+xml" }));
    still.dispose();
  }
  function savePng() {
    if (chart) download(`${name}.png`, blobOf(chart.getDataURL({ pixelRatio: 2, backgroundColor: colour("card") })));
  }
  function saveCsv(one) {
    const { columns, rows } = one.data();
    download(`${one.name}.csv`, new Blob([csv([columns.map(fileLabel), ...rows])], { type: "text/csv;charset=utf-8" }));
  }

  const resizing = new ResizeObserver(() => (!slot.clientWidth ? null : chart ? resize() : begin()));
  resizing.observe(slot);
  const unthemed = onTheme(() => { update(); chart?.getZr().flush(); });
  open.set(slot, () => { gone = true; resizing.disconnect(); unthemed(); chart?.dispose(); });
  return { card: made, update, fill, describe, chart: () => chart };
}

// Charts that were taken from the page give back what they hold; with `all` also those that never were on it, of a view that
// failed to open or came too late.
export function closeCharts({ all = false } = {}) {
  for (const [slot, close] of open) {
    if (slot.isConnected || !(all || slot.dataset.drawn)) continue;
    close();
    open.delete(slot);
  }
}

const fileLabel = ({ label, unit }) => {
  const text = label instanceof Amount ? label.value : label;
  return unit ? `${text} (${unit})` : text;
};

// RFC 4180, with a mark that makes spreadsheets read it as UTF-8; text that a spreadsheet would run is quoted as text.
export function csv(rows) {
  const cell = (value) => {
    const raw = value instanceof Amount ? value.value : value;
    const text = raw instanceof Node ? raw.textContent : String(raw ?? "");
    const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text.replaceAll(",", ""))) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `\uFEFF${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// The page's policy lets nobody fetch data: addresses, this page included.
function blobOf(dataUrl) {
  const [head, body] = dataUrl.split(",");
  const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: head.slice(5, head.indexOf(";")) });
}
