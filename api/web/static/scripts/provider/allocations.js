// Allocations now and to come, and what their provider reports on them.
import { post } from "../api.js";
import { card, element, select, table } from "../elements.js";
import { askFor } from "../dialog.js";
import { cny, dayHour, number, withUnit } from "../format.js";
import { words } from "../language.js";
import { notice } from "../states.js";
import { stateTag, term } from "../terms.js";
import { PROVIDER } from "../words/provider.js";
import { offeringName } from "./use.js";

const say = words(PROVIDER);
const PAGE = 50;

// `changed()` is told when something was reported.
export function allocationsCard(shown, allocations, changed) {
  const slot = element("div");
  let many = PAGE;
  const more = element("button", { type: "button", class: "more", onclick: () => { many += PAGE; draw(); } }, say("more"));
  const now = Date.now();
  const running = allocations.filter(({ starts_at: starts }) => new Date(starts) <= now);

  function draw() {
    const columns = ["allocation", "state", "starts", "ends", "offering", "units_column", "earns", "paid", "energy", "report"].map((key) => ({ label: say(key), word: ["allocation", "state", "offering", "report"].includes(key) }));
    slot.replaceChildren(table(say("allocations"), columns, allocations.slice(0, many).map((one) => row(shown, one, now, changed))));
    more.hidden = many >= allocations.length;
  }
  if (allocations.length) draw(); else more.hidden = true;
  const none = allocations.length ? null : element("p", { class: "note" }, say("no_allocations"));
  return card(say("allocations"), say("allocations_note", { running: number(running.length), coming: number(allocations.length - running.length) }), none, slot, more);
}

function row(shown, one, now, changed) {
  const offering = shown.offerings.find(({ id }) => id === one.offering_id);
  return [
    element("code", {}, one.id), stateTag(one.state), dayHour(one.starts_at), dayHour(one.ends_at),
    element("a", { href: `/catalogue/${one.offering_id}`, title: one.offering_id }, offering ? offeringName(shown, offering) : one.offering_id),
    number(one.units, one.units % 1 ? 1 : 0), cny(one.price), cny(one.paid), withUnit(one.facility_kwh, term("unit_kwh")), reports(one, now, changed),
  ];
}

// What may be reported: a start within the window, an end once it runs, a failure any time before the end.
function reports(one, now, changed) {
  const within = new Date(one.starts_at) <= now && now < new Date(one.ends_at);
  const tell = (what, words1) => () => askFor({
    title: words1, note: say(`${what}_note`, { id: one.id }), submit: words1,
    act: async () => { await post(`/v1/allocations/${encodeURIComponent(one.id)}/${what}`); done(what); },
  });
  const done = (what) => { notice(say(`${what}_done`, { id: one.id })); changed(); };
  const button = (what, act, kind = null) => element("button", { type: "button", class: kind, "aria-label": `${say(what)} ${one.id}`, onclick: act }, say(what));
  return element("div", { class: "buttons" },
    one.state === "granted" && within ? button("start", tell("start", say("start"))) : null,
    one.state === "active" ? button("complete", tell("complete", say("complete"))) : null,
    one.state === "active" || within ? button("fail", () => askFailure(one, () => done("fail")), "danger") : null,
    one.state === "granted" && !within ? element("small", {}, say("not_yet")) : null);
}

function askFailure(one, done) {
  const cause = select([["provider", say("cause_provider")], ["job", say("cause_job")]], "provider");
  askFor({
    title: say("fail"), note: say("fail_note", { id: one.id }), submit: say("fail"),
    fields: [{ name: "cause", label: say("cause"), control: cause, hint: say("cause_hint") }, { name: "note", label: say("failure_note"), control: element("input", { type: "text", maxlength: 200 }) }],
    act: async ({ cause: chosen, note }) => { await post(`/v1/allocations/${encodeURIComponent(one.id)}/fail`, { cause: chosen, note: note || null }); done(); },
  });
}
