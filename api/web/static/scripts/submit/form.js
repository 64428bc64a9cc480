// The form of an order: for a new one, and for one that is amended.
import { element, field, freshId } from "../elements.js";
import { words } from "../language.js";
import { SUBMIT } from "../words/submit.js";
import { controlOf, listOf } from "./controls.js";
import { FIELDS } from "./fields.js";

const say = words(SUBMIT);
const PARTS = {
  part_job: ["compute_class", "job_class", "units", "hours", "precision", "min_memory_gb", "devices"],
  part_where: ["origin_region", "max_rtt_ms", "data_gb", "max_pue", "min_green_share", "allowed_regions"],
  part_terms: ["limit_price", "deadline", "earliest_start", "latency_cost_per_ms_hour", "time_in_force", "voucher_pool_id", "buyer_id", "interruptible"],
};
const HINTED = new Set(["units", "hours"]);

// `changed(name)` is told of every change. `context`: the catalogue, voucher pools and buyers; `without`: fields left out.
export function orderForm(given, context, { changed = () => {}, without = [] } = {}) {
  let values = { ...given };
  const boxes = new Map();
  const form = element("form", { class: "order-form", novalidate: true });

  function change(name, value) {
    values[name] = value;
    clearWrong(name);
    if (name === "units") checkUnits(boxes.get(name).control);
    if (name === "compute_class") {
      values.devices = [];
      draw();
      form.elements.compute_class.focus();
    }
    changed(name);
  }
  function draw() {
    boxes.clear();
    form.replaceChildren(...Object.entries(PARTS).map(([part, names]) =>
      element("fieldset", {}, element("legend", {}, say(part)), element("div", { class: "fields" }, names.filter((name) => !without.includes(name)).map(draw1)))));
  }
  function draw1(name) {
    const { kind } = FIELDS[name];
    const wrong = element("small", { class: "wrong", id: freshId("wrong"), hidden: true });
    const control = kind === "list" ? listOf(name, values, context, change) : controlOf(name, kind, values[name], context, change);
    const box = kind === "list" ? element("div", { class: "field wide" }, control)
      : kind === "flag" ? element("label", { class: "tick wide" }, control, say(name)) : field(say(name), control, HINTED.has(name) ? say(`${name}_hint`) : name === "limit_price" ? say("limit_own") : null);
    box.append(wrong);
    boxes.set(name, { control, box, wrong });
    return box;
  }
  function clearWrong(name) {
    const { control, wrong } = boxes.get(name);
    wrong.hidden = true;
    control.removeAttribute("aria-invalid");
  }
  function showWrong(name, text) {
    const { control, wrong } = boxes.get(name);
    wrong.textContent = text;
    wrong.hidden = false;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-errormessage", wrong.id);
    return control;
  }
  // Marks what the browser finds wrong; true where nothing is.
  function check() {
    const wrong = [...boxes].filter(([, { control }]) => control.validity && !control.validity.valid);
    wrong.forEach(([name, { control }]) => showWrong(name, wrongWords(control)));
    wrong[0]?.[1].control.focus();
    return wrong.length === 0;
  }
  // Shows a problem of the API beside the fields it names, going to the first if asked; gives back what is left to be said elsewhere.
  function showProblem({ body = {}, message }, { focus = true } = {}) {
    const named = (body.errors ?? []).map(({ loc, msg }) => [loc.find((part) => boxes.has(part)), msg]).filter(([name]) => name);
    named.forEach(([name, text], at) => { const control = showWrong(name, text); if (at === 0 && focus) control.focus?.(); });
    return named.length && named.length === body.errors.length ? null : message;
  }
  draw();
  return {
    form, check, showProblem, clear: clearWrong,
    require: (name, text) => showWrong(name, text).focus(),
    values: () => ({ ...values }),
    // Whether it can be asked about: a quote need not say for whom.
    complete: () => [...boxes].every(([name, { control }]) => name === "buyer_id" || !control.validity || control.validity.valid),
    set: (changes) => { values = { ...values, ...changes }; draw(); },
    hint: (name, text) => { const note = boxes.get(name)?.box.querySelector("small:not(.wrong)"); if (note) note.textContent = text; },
    lock: (locked) => { for (const part of form.querySelectorAll("fieldset")) part.disabled = locked; },
  };
}

// Whole units, or tenths of one: more than a step of a number input can say.
function checkUnits(control) {
  const units = Number(control.value);
  control.setCustomValidity(units < 1 || Number.isInteger(units) ? "" : say("units_hint"));
}

// The browser's own words are in its language, not in that of the page.
function wrongWords({ validity, validationMessage, min, max }) {
  if (validity.valueMissing) return say("wrong_missing");
  if (validity.patternMismatch) return say("wrong_money");
  if (validity.rangeUnderflow || validity.rangeOverflow) return say("wrong_range", { min, max });
  return validationMessage;
}
