// What a chart shows in a sentence or two, for those who hear the page: how much there is, and from where to where it goes.
import { number } from "./format.js";
import { words } from "./language.js";
import { FRAME } from "./words/frame.js";

const say = words(FRAME);
const MOST_COLUMNS = 4;

const textOf = (cell) => (cell instanceof Node ? cell.textContent : String(cell ?? ""));
const amountOf = (text) => (/\d/.test(text) ? Number(text.replace("−", "-").replace(/[^\d.-]/g, "")) : NaN);

export function summary({ columns, rows }) {
  const said = columns.flatMap((column, at) => (at === 0 || column.word ? [] : range(column.label, rows.map((row) => textOf(row[at])))));
  return [say("summary_rows", { rows: number(rows.length) }), ...said.slice(0, MOST_COLUMNS)].join(" ");
}

// The least and the most as they are written, and where there are none, nothing.
function range(label, cells) {
  const known = cells.map((text) => ({ text, amount: amountOf(text) })).filter(({ amount }) => !Number.isNaN(amount)).sort((a, b) => a.amount - b.amount);
  return known.length ? [say("summary_range", { label, least: known[0].text, most: known.at(-1).text })] : [];
}
