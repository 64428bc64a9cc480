// The form of a new offering.
import { post } from "../api.js";
import { card, element, field, freshId, select } from "../elements.js";
import { nameOf, words } from "../language.js";
import { role } from "../session.js";
import { notice } from "../states.js";
import { once, problemLine } from "../submit/busy.js";
import { fromInput } from "../submit/moments.js";
import { term } from "../terms.js";
import { PROVIDER } from "../words/provider.js";

const say = words(PROVIDER);
const number1 = (attributes) => element("input", { type: "number", min: 1, step: 1, ...attributes });
const whole = (text) => (text === "" ? null : Number(text));

export function listingCard(shown, changed) {
  const own = new Set(shown.offerings.map(({ node_id: id }) => id));
  const byName = (things) => [...things].map((thing) => [thing.id, nameOf(thing)]).sort((a, b) => Number(own.has(b[0])) - Number(own.has(a[0])) || a[1].localeCompare(b[1]));
  const controls = {
    node_id: select(byName(shown.nodes.values()), null, { required: true }), device_id: select(byName(shown.devices.values()), null, { required: true }),
    units: number1({ required: true, value: 64 }), max_gang_units: number1({}),
    ask_price: element("input", { type: "text", inputmode: "decimal", required: true, pattern: "[0-9]{1,8}(\\.[0-9]{1,6})?" }),
    free_by_day: element("input", { type: "number", min: 0, step: 1 }), free_by_night: element("input", { type: "number", min: 0, step: 1 }),
    min_units_per_order: number1({ value: 1 }), max_units_per_order: number1({}),
    slices_per_unit: select([["1", say("slices_1")], ["10", say("slices_10")]], "1"),
    sla: select(["standard", "trusted", "critical"].map((grade) => [grade, say(`sla_${grade}`)]), "standard"),
    heartbeat_minutes: number1({ max: 1440 }), available_from: element("input", { type: "datetime-local" }), available_until: element("input", { type: "datetime-local" }),
  };
  const hinted = new Set(["max_gang_units", "free_by_day", "free_by_night", "heartbeat_minutes", "max_units_per_order", "sla"]);
  const wrongs = Object.fromEntries(Object.keys(controls).map((name) => [name, element("small", { class: "wrong", id: freshId("wrong"), hidden: true })]));
  const label = (name) => (name === "node_id" ? term("node") : say(`f_${name}`));
  const boxes = Object.entries(controls).map(([name, control]) => {
    const box = field(label(name), control, hinted.has(name) ? say(`h_${name}`) : null);
    box.append(wrongs[name]);
    return box;
  });
  const problem = element("div"), button = element("button", { type: "submit", class: "main" }, say("list"));

  const send = () => once(button, async () => {
    mark([]);
    problem.replaceChildren();
    const { id } = await post("/v1/offerings", requestOf(controls, shown.id));
    notice(say("listed", { id }));
    changed();
  }, (error) => { mark(error.body?.errors ?? []); problem.replaceChildren(problemLine(error)); });
  function mark(errors) {
    for (const [name, wrong] of Object.entries(wrongs)) {
      const found = errors.find(({ loc }) => loc.includes(name) || (name === "free_by_day" && loc.includes("free_units_by_hour")));
      Object.assign(wrong, { hidden: !found, textContent: found?.msg ?? "" });
      controls[name].toggleAttribute("aria-invalid", Boolean(found));
      if (found) controls[name].setAttribute("aria-invalid", "true");
    }
  }
  const form = element("form", { class: "listing-form", onsubmit: (event) => { event.preventDefault(); send(); } }, element("div", { class: "fields" }, boxes), problem, element("div", { class: "row actions" }, button));
  return card(say("new_offering"), say("new_offering_note"), form);
}

// Free units by local hour: one figure for the working day (8 to 22 h) and one for the night.
function requestOf(controls, providerId) {
  const of = (name) => controls[name].value.trim();
  const units = Number(of("units"));
  const day = whole(of("free_by_day")) ?? units, night = whole(of("free_by_night")) ?? units;
  const free = Array.from({ length: 24 }, (_, hour) => (hour >= 8 && hour < 22 ? day : night));
  return {
    node_id: of("node_id"), device_id: of("device_id"), units, max_gang_units: whole(of("max_gang_units")), ask_price: of("ask_price"),
    free_units_by_hour: day === units && night === units ? null : free, min_units_per_order: whole(of("min_units_per_order")) ?? 1, max_units_per_order: whole(of("max_units_per_order")),
    slices_per_unit: Number(of("slices_per_unit")), sla: of("sla"), heartbeat_minutes: whole(of("heartbeat_minutes")),
    available_from: fromInput(of("available_from")) || null, available_until: fromInput(of("available_until")) || null,
    ...(role() === "operator" ? { provider_id: providerId } : {}),
  };
}
