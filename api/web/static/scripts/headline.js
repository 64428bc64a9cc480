// The round in six figures.
import { element } from "./elements.js";
import { number, percent, text } from "./language.js";

const figure = (key, label, value, note, kind = "") =>
  element("div", { class: `figure ${kind}`.trim() },
    element("dt", {}, label), element("dd", { "data-figure": key }, value, note ? element("small", {}, note) : null));

export function headline(round) {
  const { solver } = round.figures;
  return element("dl", { class: "figures" },
    figure("placed", text("placed"), number(round.placed), `${text("of")} ${number(round.orders)}`),
    figure("gap", text("gap"), percent(round.gap, 2), text("gap_note"), "proof"),
    figure("value", text("value"), number(round.value_micros / 1e6), text("value_note")),
    figure("west", text("west_share"), percent(solver.west_share_of_eastern_demand), text("west_share_note")),
    figure("rtt", text("rtt"), number(solver.rtt_ms_mean, 1), null),
    figure("seconds", text("seconds"), number(round.seconds, 1), null));
}
