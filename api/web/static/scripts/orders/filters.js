// Which orders are shown: states as chips with their counts, the rest as fields. All of it is in the address.
import { element, field, select } from "../elements.js";
import { number } from "../format.js";
import { nameOf, words } from "../language.js";
import { className } from "../submit/controls.js";
import { fromInput, toInput } from "../submit/moments.js";
import { term } from "../terms.js";
import { ORDERS } from "../words/orders.js";

const say = words(ORDERS);
export const STATES = ["draft", "open", "interrupted", "allocated", "active", "completed", "cancelled", "expired", "failed"];
const NAMES = ["state", "compute_class", "buyer_id", "submitted_after", "submitted_before", "sort"];

export const chosenStates = (settings) => (settings.state ?? "").split(",").filter((state) => STATES.includes(state));
const given = (settings, names) => names.filter((name) => settings[name]).map((name) => [name, settings[name]]);

// The address of the list as the API takes it; states as often as there are.
export function listAddress(settings, more = {}) {
  const asked = new URLSearchParams(given(settings, NAMES.slice(1)));
  for (const state of chosenStates(settings)) asked.append("state", state);
  for (const [name, value] of Object.entries(more)) if (value !== null) asked.set(name, value);
  return `/v1/orders?${asked}`;
}

// How many there are in each state, whichever states are shown.
export const countAddress = (settings) => `/v1/orders/counts?${new URLSearchParams(given(settings, NAMES.slice(1, -1)))}`;

// `change(settings)` is told what is chosen. Returns { row, count(counts) }.
export function filterRow(settings, buyers, change) {
  const counts = new Map(STATES.map((state) => [state, element("output", {})]));
  const chosen = new Set(chosenStates(settings));
  const toggle = (state) => ({ currentTarget }) => {
    if (chosen.has(state)) chosen.delete(state); else chosen.add(state);
    currentTarget.setAttribute("aria-pressed", String(chosen.has(state)));
    change({ state: [...chosen].join(",") || null });
  };
  const chips = element("div", { class: "chips states", role: "group", "aria-label": say("state") }, STATES.map((state) =>
    element("button", { type: "button", "aria-pressed": String(chosen.has(state)), onclick: toggle(state) }, term(state), " ", counts.get(state))));
  const pick = (name, options) => field(say(name), select(options, settings[name] ?? "", { onchange: ({ target }) => change({ [name]: target.value || null }) }));
  const since = (name) => field(say(name), element("input", { type: "datetime-local", value: toInput(settings[name]), onchange: ({ target }) => change({ [name]: fromInput(target.value) || null }) }));
  const fields = [
    pick("compute_class", [["", say("any")], ...["gpu", "hpc", "general"].map((name) => [name, className(name)])]),
    buyers.length ? pick("buyer_id", [["", say("any")], ...buyers.map((buyer) => [buyer.id, `${nameOf(buyer)} · ${buyer.id}`])]) : null,
    since("submitted_after"), since("submitted_before"),
    pick("sort", [["", say("newest_first")], ["submitted_at", say("oldest_first")]]),
  ];
  const count = (found) => { for (const [state, slot] of counts) slot.textContent = number(found[state]); };
  return { row: element("div", {}, chips, element("div", { class: "row" }, fields)), count };
}
