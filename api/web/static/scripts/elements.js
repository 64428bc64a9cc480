// Elements without a framework: element("td", { class: "word" }, "text").

const SVG = "http://www.w3.org/2000/svg";

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

export const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const drawn = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// A table: columns of { label, word } (word: to the left), rows of cells; the first cell heads its row.
export function table(caption, columns, rows, ours = -1) {
  const cell = (tag, content, at, extra = {}) =>
    element(tag, { class: [columns[at].word ? "word" : "", at === ours ? "ours" : ""].join(" ").trim() || null, ...extra }, content);
  const head = element("tr", {}, columns.map((column, at) => cell("th", column.label, at, { scope: "col" })));
  const body = rows.map((row) =>
    element("tr", {}, row.map((content, at) => (at === 0 ? cell("th", content, at, { scope: "row" }) : cell("td", content, at)))));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, body)));
}
