// A provider's listings and what can be done with each. A change is made only to what was shown (If-Match).
import { get, patch, post } from "../api.js";
import { askFor } from "../dialog.js";
import { card, element, table } from "../elements.js";
import { cnyInFull, dayHour, moment, number } from "../format.js";
import { nameOf, words } from "../language.js";
import { notice } from "../states.js";
import { fromInput, hoursFromNow, toInput } from "../submit/moments.js";
import { stateTag } from "../terms.js";
import { PROVIDER } from "../words/provider.js";

const say = words(PROVIDER);
const path = (offering, what = "") => `/v1/offerings/${encodeURIComponent(offering.id)}${what}`;
const whenInput = (value) => element("input", { type: "datetime-local", required: true, value: toInput(value) });

export function offeringsCard(shown, changed) {
  const columns = ["offering", "device", "node", "ask_column", "units_column", "gang", "free_now", "sla", "state", "planned", "actions"]
    .map((key) => ({ label: say(key), word: !["ask_column", "units_column", "gang", "free_now"].includes(key) }));
  const rows = shown.offerings.map((offering) => [
    element("a", { href: `/catalogue/${offering.id}` }, element("code", {}, offering.id)), ...[shown.devices.get(offering.device_id), shown.nodes.get(offering.node_id)].map((one) => element("span", { class: "wraps" }, nameOf(one))),
    cnyInFull(offering.ask_price), number(offering.units), number(offering.max_gang_units), number(Math.min(...offering.free_units_by_hour)), element("span", { class: "wraps" }, say(`sla_${offering.sla}`)), stateTag(offering.state),
    planned(offering), offering.state === "open" ? actions(offering, changed) : "–",
  ]);
  return card(say("offerings"), say("offerings_note"), rows.length ? table(say("offerings"), columns, rows) : element("p", { class: "note" }, say("no_offerings")));
}

function planned(offering) {
  const drain = offering.drain_at ? [say("drains_at", { at: moment(offering.drain_at) })] : [];
  const windows = offering.maintenance.map(({ starts_at: from, ends_at: to, units_left: left }) => say("window_of", { from: dayHour(from), to: dayHour(to), left: number(left) }));
  const all = [...drain, ...windows];
  return all.length ? element("span", {}, all.map((text, at) => [at ? element("br") : null, text])) : "–";
}

function actions(offering, changed) {
  const button = (key, act, kind = null) => element("button", { type: "button", class: kind, "aria-label": `${say(key)} ${offering.id}`, onclick: () => current(offering, act, changed) }, say(key));
  return element("div", { class: "buttons" }, button("ask", changeAsk), button("drain", drain), button("maintain", maintain), button("withdraw", withdraw, "danger"));
}

// The offering as it is when a dialog opens, and the tag of just that.
async function current(offering, act, changed) {
  try {
    const now = await get(path(offering));
    act(now, { "If-Match": now.etag }, (key) => { notice(say(key, { id: now.id })); changed(); });
  } catch (error) {
    notice(error.message, "bad");
  }
}

function changeAsk(offering, headers, done) {
  askFor({
    title: say("ask_of", { id: offering.id }), note: say("ask_note"), submit: say("ask"),
    fields: [{ name: "ask_price", label: say("ask_column"), control: element("input", { type: "text", inputmode: "decimal", required: true, pattern: "[0-9]{1,8}(\\.[0-9]{1,6})?", value: offering.ask_price }) }],
    act: async (values) => { await patch(path(offering), values, { headers }); done("ask_done"); },
  });
}

function drain(offering, headers, done) {
  const fields = [{ name: "at", label: say("drain_at"), control: whenInput(offering.drain_at ?? hoursFromNow(72)), hint: say("drain_hint") }];
  if (offering.drain_at) fields.push({ name: "back", label: say("drain_back"), control: element("input", { type: "checkbox" }) });
  askFor({
    title: say("drain_of", { id: offering.id }), note: say("drain_note"), fields, submit: say("drain"),
    act: async ({ at, back }) => { await post(path(offering, "/drain"), { at: back ? null : fromInput(at) }, { headers }); done(back ? "drain_taken_back" : "drain_done"); },
  });
}

function maintain(offering, headers, done) {
  askFor({
    title: say("maintain_of", { id: offering.id }), note: say("maintain_note"), submit: say("maintain"),
    fields: [
      { name: "starts_at", label: say("from"), control: whenInput(hoursFromNow(72)) }, { name: "ends_at", label: say("to"), control: whenInput(hoursFromNow(76)) },
      { name: "units_left", label: say("units_left"), control: element("input", { type: "number", min: 0, max: offering.units, value: 0, required: true }) },
      { name: "force", label: say("force"), control: element("input", { type: "checkbox" }), hint: say("force_hint") },
    ],
    act: async ({ starts_at: from, ends_at: to, units_left: left, force }) => {
      await post(path(offering, "/maintenance"), { starts_at: fromInput(from), ends_at: fromInput(to), units_left: Number(left), force }, { headers });
      done("maintain_done");
    },
  });
}

function withdraw(offering, headers, done) {
  askFor({
    title: say("withdraw_of", { id: offering.id }), note: say("withdraw_note"), submit: say("withdraw"),
    act: async () => { await post(path(offering, "/withdraw"), undefined, { headers }); done("withdraw_done"); },
  });
}
