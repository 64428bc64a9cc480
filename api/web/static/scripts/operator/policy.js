// The policy in force, what each part of it does, and setting another. It is set only over the one that was shown.
import { get, put } from "../api.js";
import { element, field, freshId, select } from "../elements.js";
import { words } from "../language.js";
import { notice } from "../states.js";
import { once, problemLine } from "../submit/busy.js";
import { term, termOr } from "../terms.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);
const MONEY = { type: "text", inputmode: "decimal", pattern: "[0-9]{1,8}(\\.[0-9]{1,6})?", required: true };
const WEIGHTS = {
  name: () => element("input", { type: "text", required: true, maxlength: 100 }),
  ask_weight: () => element("input", { type: "number", min: 1, max: 1000, step: "any", required: true }),
  energy_weight: () => element("input", { type: "number", min: 0, max: 1000, step: "any", required: true }),
  carbon_price_per_kg: () => element("input", MONEY),
  carbon_basis: () => select([["location", term("carbon_location")], ["market", term("carbon_market")]]),
  latency_weight: () => element("input", { type: "number", min: 0, max: 1000, step: "any", required: true }),
  transfer_price_per_gb: () => element("input", MONEY),
};
const TERMS_OF_TRADE = {
  pricing: () => select(["posted", "marginal"].map((rule) => [rule, term(rule)])),
  fee_rate: () => element("input", { type: "number", min: 0, max: 0.5, step: "any", required: true }),
  may_move: () => select([["false", say("no")], ["true", say("yes")]]),
  move_cost: () => element("input", MONEY),
};
const NUMBERS = new Set(["ask_weight", "energy_weight", "latency_weight", "fee_rate"]);

export async function policyCard(changed) {
  const [policy, { items: presets }] = await Promise.all([get("/v1/policy"), get("/v1/policy/presets")]);
  const made = (parts) => Object.entries(parts).map(([name, make]) => [name, make()]);
  const weights = made(WEIGHTS), terms = made(TERMS_OF_TRADE);
  for (const [name, control] of [...weights, ...terms]) control.value = String(policy[name]);
  const wrongs = new Map([...weights, ...terms].map(([name]) => [name, element("small", { class: "wrong", id: freshId("wrong"), hidden: true })]));
  const box = ([name, control]) => { const one = field(say(`w_${name}`), control, say(`h_${name}`)); one.append(wrongs.get(name)); return one; };
  const explained = element("p", { class: "note", role: "status" });
  const byHand = element("fieldset", {}, element("legend", {}, say("weights")), element("div", { class: "fields" }, weights.map(box)));
  const way = select([["", say("by_hand")], ...presets.map(({ name }) => [name, term(name)])], "", { onchange: showWay });
  const problem = element("div"), button = element("button", { type: "submit", class: "main" }, say("set_policy"));

  function showWay() {
    const preset = presets.find(({ name }) => name === way.value);
    byHand.disabled = preset !== undefined;
    for (const [name, control] of preset ? weights : []) control.value = String(preset[name]);
    explained.textContent = say(way.value ? `preset_${way.value}` : "by_hand_note");
  }
  function mark(errors) {
    for (const [name, control] of [...weights, ...terms]) {
      const found = errors.find(({ loc }) => loc.includes(name));
      Object.assign(wrongs.get(name), { hidden: !found, textContent: found?.msg ?? "" });
      if (found) control.setAttribute("aria-invalid", "true"); else control.removeAttribute("aria-invalid");
    }
  }
  const values = (controls) => Object.fromEntries(controls.map(([name, { value }]) => [name, NUMBERS.has(name) ? Number(value) : name === "may_move" ? value === "true" : value.trim()]));
  const send = () => once(button, async () => {
    mark([]);
    problem.replaceChildren();
    const body = way.value ? { preset: way.value, ...values(terms) } : { ...values(weights), ...values(terms) };
    const { name } = await put("/v1/policy", body, { headers: { "If-Match": policy.etag } });
    notice(say("policy_set", { name: termOr(name) }));
    changed();
  }, (error) => { mark(error.body?.errors ?? []); problem.replaceChildren(problemLine(error)); });
  showWay();
  return element("section", { class: "card" }, element("div", { class: "card-head" }, element("h2", {}, say("policy")), element("span", { class: "tag good" }, say("in_force", { name: termOr(policy.name) }))),
    element("p", { class: "note" }, say("policy_note")),
    element("form", { class: "policy-form", onsubmit: (event) => { event.preventDefault(); send(); } },
      element("div", { class: "row" }, field(say("way"), way)), explained, byHand,
      element("fieldset", {}, element("legend", {}, say("terms_of_trade")), element("div", { class: "fields" }, terms.map(box))), problem, element("div", { class: "row actions" }, button)));
}
