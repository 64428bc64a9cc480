// A landed round, from headline to computing centres.
import { element } from "./elements.js";
import { headline } from "./headline.js";
import { moment, number, text } from "./language.js";
import { drawMap, mapLegend } from "./map.js";
import { classTable, comparisonTable, flowTable, nodeTable, utilisationTable } from "./tables.js";

const card = (title, note, ...content) =>
  element("section", {}, element("h2", {}, text(title)), note ? element("p", { class: "note" }, text(note)) : null, ...content);

export function showRound(found) {
  const { round } = found;
  const policy = text(round.policy.name === "green" ? "green_policy" : round.policy.name);
  const when = `${text("policy")} ${policy} · ${text("starts")} ${moment(round.starts_at)} (${text("local_time")}) · ${number(round.slots)} ${text("hours")}`;
  return [
    element("h1", {}, text("headline")),
    element("p", { class: "note" }, when),
    headline(round),
    element("div", { class: "pair" },
      card("map", "map_note", drawMap(found), mapLegend(found)),
      element("div", { class: "stack" }, card("flows", null, flowTable(found)), card("utilisation", null, utilisationTable(round.figures)))),
    element("div", { class: "pair" },
      card("compare", "compare_note", comparisonTable(round.figures), element("p", { class: "note below" }, text("carbon_note"))),
      card("classes", "classes_note", classTable(round.figures))),
    card("nodes", null, nodeTable(found)),
  ];
}
