// The form of one scenario: sliders, nodes that are down, places that grow.
import { element, field, freshId, select } from "../elements.js";
import { number } from "../format.js";
import { nameOf, words } from "../language.js";
import { tickList } from "../submit/choices.js";
import { term, termOr } from "../terms.js";
import { WHATIF } from "../words/whatif.js";
import { asIs, GROWTH, POLICIES, SEEDS, SIDES, SLIDERS } from "./settings.js";

const say = words(WHATIF);
const WRITE = {
  energy: (value) => `× ${number(value, 1)}`, carbon: (value) => `¥${number(value, 2)}/${term("unit_kg")}`,
  latency: (value) => `× ${number(value, 1)}`, ms_price: (value) => `¥${number(value, 4)}/${term("unit_ms")}·h`, demand: (value) => `× ${number(value, 2)}`,
  rtt: (value) => `≤ ${number(value)} ${term("unit_ms")}`,
};

// A slider that may also stand where things are as they are. Tells changed(value), null for as it is.
function slider({ label, hint, range, value, own, write, changed }) {
  let now = value;
  const output = element("output", {});
  const input = element("input", { type: "range", id: freshId("slider"), min: range.min, max: range.max, step: range.step, oninput: () => to(Number(input.value)) });
  const reset = element("button", { type: "button", class: "quiet", "aria-label": `${label}: ${say("reset")}`, onclick: () => to(null) }, say("reset"));
  const note = element("small", { id: freshId("hint") }, hint);
  input.setAttribute("aria-describedby", note.id);

  function write1() {
    const text = now === null ? (own === null ? say("as_is") : say("as_is_at", { value: write(own) })) : write(now);
    output.textContent = text;
    input.value = now ?? own ?? range.rest ?? range.max;
    input.setAttribute("aria-valuetext", text);
    output.className = now === null ? "soft" : "set";
    reset.hidden = now === null;
  }
  function to(given) {
    now = given;
    write1();
    changed(given);
  }
  write1();
  return element("div", { class: "slider" }, element("label", { for: input.id }, label), output, input, reset, note);
}

// Asked for only while demand is scaled. Tells changed(seed), null for the first.
function seedField(value, changed) {
  const input = element("input", { type: "number", ...SEEDS, value: value ?? 0, oninput: () => { if (input.reportValidity()) changed(Number(input.value) || null); } });
  return field(say("seed"), input, say("seed_hint"));
}

// `changed(scenario)` is told of every change. `own`: the policy of the book, `presets`: those with a name, as the API writes them.
export function scenarioForm(side, given, { nodes, regions, own, presets }, changed) {
  let scenario = { ...asIs(), ...given };
  const slot = element("div"), seedSlot = element("div", { class: "seed" });
  const change = (changes) => { scenario = { ...scenario, ...changes }; changed(scenario); };

  function draw() {
    const policy = select([["", say("own_policy", { policy: termOr(own.name) })], ...POLICIES.map((name) => [name, term(name)])], scenario.policy ?? "", {
      onchange: ({ target }) => { change({ policy: target.value || null }); draw(); },
    });
    const chosen = scenario.policy === null ? own : presets.find(({ name }) => name === scenario.policy);
    const ofPolicy = (name) => (SLIDERS[name].own ? Number(chosen[SLIDERS[name].own]) : null);
    slot.replaceChildren(
      field(say("policy"), policy),
      ...Object.keys(SLIDERS).flatMap((name) => [slider({
        label: say(name), hint: say(`${name}_hint`), range: SLIDERS[name], value: scenario[name], own: ofPolicy(name), write: WRITE[name],
        changed: (value) => (name === "demand" ? scaled(value) : change({ [name]: value })),
      }), ...(name === "demand" ? [seedSlot] : [])]),
      nodesDown(), growth());
    drawSeed();
  }
  function scaled(demand) {
    change(demand === null ? { demand, seed: null } : { demand });
    if ((demand === null) !== (seedSlot.firstChild === null)) drawSeed();
  }
  function drawSeed() {
    seedSlot.replaceChildren(...(scenario.demand === null ? [] : [seedField(scenario.seed, (seed) => change({ seed }))]));
  }
  function nodesDown() {
    const options = [...nodes.values()].map((node) => ({ value: node.id, label: nameOf(node), group: term(regions.get(node.region_id).side) }));
    const sequence = SIDES.map(term);
    options.sort((a, b) => sequence.indexOf(a.group) - sequence.indexOf(b.group) || a.label.localeCompare(b.label));
    return tickList(say("down"), options, scenario.down, (down) => change({ down }), say("down_hint"), say("none_down"));
  }
  function growth() {
    const named = [...regions.values()].map((region) => [region.id, nameOf(region)]).sort((a, b) => a[1].localeCompare(b[1]));
    const places = [...SIDES.map((name) => [name, say("whole_side", { side: term(name) })]), ...named];
    const label = (place) => places.find(([id]) => id === place)[1];
    const set = (place, factor) => {
      const grow = { ...scenario.grow };
      if (factor === null) delete grow[place]; else grow[place] = factor;
      change({ grow });
    };
    const rows = Object.entries(scenario.grow).map(([place, factor]) => slider({
      label: label(place), hint: say("growth_hint"), range: GROWTH, value: factor, own: 1, write: (value) => `× ${number(value, 2)}`,
      changed: (value) => { set(place, value); if (value === null) draw(); },
    }));
    const add = select([["", say("grow_add")], ...places.filter(([id]) => !(id in scenario.grow))], "", {
      "aria-label": say("grow_add"), onchange: ({ target }) => { set(target.value, 1.5); draw(); slot.querySelector(".grown input:last-of-type")?.focus(); },
    });
    return element("div", { class: "grown" }, element("h3", {}, say("growth")), ...rows, add);
  }
  draw();
  const reset = element("button", { type: "button", class: "quiet", onclick: () => { change(asIs()); draw(); } }, say("reset_all"));
  const form = element("fieldset", { class: `scenario side-${side}` }, element("legend", {}, say("scenario", { name: side.toUpperCase() })), slot, reset);
  return { form, take: (changes) => { change({ ...asIs(), ...changes }); draw(); }, scenario: () => scenario };
}
