// Elements without a framework: element("td", { class: "word" }, "text"). Text is never read as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const drawn = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

let counted = 0;
export const freshId = (stem) => `${stem}-${(counted += 1)}`;

// A table: columns of { label, word } (word: to the left), rows of cells; the first cell heads its row.
export function table(caption, columns, rows, { ours = -1 } = {}) {
  const cell = (tag, content, at, extra = {}) =>
    element(tag, { class: [columns[at].word ? "word" : "", at === ours ? "ours" : ""].join(" ").trim() || null, ...extra }, content);
  const head = element("tr", {}, columns.map((column, at) => cell("th", column.label, at, { scope: "col" })));
  const body = rows.map((row) =>
    element("tr", {}, row.map((content, at) => (at === 0 ? cell("th", content, at, { scope: "row" }) : cell("td", content, at)))));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, body)));
}

// One that shall fit beside something else.
export function denseTable(...given) {
  const made = table(...given);
  made.classList.add("dense");
  return made;
}

// A labelled form control: field("Price", element("input", …), "CNY for the whole job").
export function field(label, control, hint = null) {
  const id = control.id || freshId("field");
  control.id = id;
  const note = hint ? element("small", { id: `${id}-hint` }, hint) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return element("div", { class: "field" }, element("label", { for: id }, label), control, note);
}

export const select = (options, chosen, attributes = {}) =>
  element("select", attributes, options.map(([value, label]) => element("option", { value, selected: value === chosen }, label)));

export const card = (title, note, ...content) =>
  element("section", { class: "card" }, title ? element("h2", {}, title) : null, note ? element("p", { class: "note" }, note) : null, ...content);

// "13,003 kWh" with its unit in smaller letters, and never broken.
function amount(value) {
  const [, digits, unit] = /^(\S*\d\S*) (\D+)$/.exec(value) ?? [];
  return unit === undefined ? value : [digits, element("span", { class: "unit" }, ` ${unit}`)];
}

// Headline figures: [{ key, label, value, note, kind }].
export const figures = (shown) =>
  element("dl", { class: "figures" }, shown.map(({ key, label, value, note, kind }) =>
    element("div", { class: `figure ${kind ?? ""}`.trim() },
      element("dt", {}, label), element("dd", { "data-figure": key }, amount(value), note ? element("small", {}, note) : null))));
