// Submitting an order: a form, and beside it what the market answers to it as it is typed.
import { all, post } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { card, element } from "../elements.js";
import { words } from "../language.js";
import { go, keep } from "../router.js";
import { role, whoami } from "../session.js";
import { notice, signInState } from "../states.js";
import { limitHint, limitOf } from "../submit/advice.js";
import { marketAnswer } from "../submit/answer.js";
import { liveQuote } from "../submit/asking.js";
import { once, problemLine } from "../submit/busy.js";
import { fromAddress, requestOf, toAddress } from "../submit/fields.js";
import { orderForm } from "../submit/form.js";
import { holding, holdOffer, readHeld } from "../submit/holding.js";
import { FIRST_PRESET, PRESET_NAMES, presetChips, presetValues } from "../submit/presets.js";
import { SUBMIT } from "../words/submit.js";

const say = words(SUBMIT);
const ROLES = ["buyer", "operator"];
const UNLIMITED = "99999999"; // to ask with what there is at any price; nothing is ordered or held with it

export async function open({ settings }) {
  if (!ROLES.includes(role())) return { content: signInState(ROLES) };
  const [context, kept] = await Promise.all([readContext(), readHeld()]);
  const order = orderDraft(context, settings, kept?.values);
  const desk = submitDesk(context, settings, order);
  return { content: desk.content, close: desk.close, shown: () => desk.begin(kept) };
}

async function readContext() {
  const [catalogue, pools, buyers] = await Promise.all([readCatalogue(), all("/v1/voucher-pools"), all("/v1/buyers")]);
  const own = buyers.find((buyer) => buyer.id === whoami().organisation_id);
  const home = own?.home_region_id ?? "shanghai";
  return { ...catalogue, pools, buyers, operator: role() === "operator", home: catalogue.regions.has(home) ? home : catalogue.regions.keys().next().value };
}

// The order as the form has it: its values, kept in the address, and the limit price that is proposed where none is given.
// `held`: the values a quote is held for; the form is theirs until that is over.
function orderDraft(context, settings, held = {}) {
  let preset = PRESET_NAMES.includes(settings.preset) ? settings.preset : FIRST_PRESET;
  let usual = presetValues(preset, context.home, context.devices.get((settings.devices ?? "").split(",")[0]));
  let changed = () => {};
  const draft = { proposed: null, preset: () => preset, onChange: (listener) => { changed = listener; } };
  draft.form = orderForm({ ...usual, ...fromAddress(settings), ...held }, context, { changed: () => tell(), without: context.operator ? [] : ["buyer_id"] });

  // What was proposed was for the order as it was.
  function tell() {
    draft.proposed = null;
    keep({ ...toAddress(draft.form.values(), usual), preset: preset === FIRST_PRESET ? null : preset });
    changed();
  }
  draft.take = (name) => {
    const { buyer_id: buyer, origin_region: origin } = draft.form.values();
    preset = name;
    usual = presetValues(name, context.home);
    draft.form.set({ ...usual, origin_region: origin, buyer_id: buyer });
    tell();
  };
  draft.apply = (field, to) => {
    draft.form.set({ [field]: Array.isArray(to) ? to : String(to) });
    notice(say("changed", { field: say(field) }));
    tell();
  };
  draft.ownLimit = () => draft.form.values().limit_price || null;
  // The most it may cost as a decimal; null where neither its owner nor the market has said.
  draft.limit = () => draft.ownLimit() ?? draft.proposed;
  draft.request = () => requestOf({ ...draft.form.values(), limit_price: draft.limit() ?? "" });
  // The same as a question: what there is, whatever is proposed, for as long as it may wait.
  draft.question = () => requestOf({ ...draft.form.values(), limit_price: draft.ownLimit() ?? UNLIMITED, time_in_force: "until_deadline" });
  return draft;
}

function submitDesk(context, settings, draft) {
  const { form } = draft;
  const answer = marketAnswer(context, settings, draft.apply);
  const live = liveQuote(hear);
  const problem = element("div");
  const buttons = element("div", { class: "row actions" }, submitButton("submit", false, "main"), submitButton("draft", true, null));
  const chips = presetChips(draft.preset(), draft.take);
  const hold = holding(context, {
    begun: (bar) => { live.stop(); lock(true); answer.advice.replaceChildren(bar); bar.querySelector("button").focus(); },
    over: () => { lock(false); ask(); },
    submit: send, failed,
  });

  function ask() {
    if (form.complete()) live.ask(draft.question());
    else { live.stop(); answer.tell(say("incomplete")); }
  }
  function hear({ asking, quote, problem: refused }) {
    if (asking) {
      form.hint("limit_price", say("limit_own"));
      return answer.tell(say("asking"), true);
    }
    if (refused) return answer.tell(form.showProblem(refused, { focus: false }) ?? say("check"));
    draft.proposed = limitOf(quote);
    if (draft.proposed !== null) form.clear("limit_price");
    form.hint("limit_price", draft.ownLimit() || draft.proposed === null ? say("limit_own") : limitHint(draft.proposed));
    return answer.show(quote, draft.request(), (places) => (context.operator ? null : holdOffer(places, () => ready() && hold.take(draft.request(), form.values()), failed)));
  }
  // Without a price of its own an order goes out only at the one that was proposed for just this order.
  function ready() {
    if (!form.check()) return false;
    if (draft.limit() === null) form.require("limit_price", say("limit_needed"));
    return draft.limit() !== null;
  }
  function lock(locked) {
    form.lock(locked);
    buttons.hidden = locked;
    chips.hidden = locked;
  }
  async function send(order) {
    problem.replaceChildren();
    const made = await post("/v1/orders", order);
    notice(say(order.draft ? "drafted" : "submitted", { id: made.id }));
    go(`/orders/${made.id}`);
  }
  function failed(error) {
    problem.replaceChildren(problemLine(error, form.showProblem(error) ?? say("check")));
    problem.scrollIntoView({ block: "nearest" });
  }
  function submitButton(label, asDraft, kind) {
    const press = ({ currentTarget }) => { if (ready()) once(currentTarget, () => send({ ...draft.request(), draft: asDraft }), failed); };
    return element("button", { type: "button", class: kind, onclick: press }, say(label));
  }
  draft.onChange(ask);
  form.form.addEventListener("submit", (event) => { event.preventDefault(); buttons.querySelector("button").click(); });
  const columns = element("div", { class: "columns form-left" }, element("div", { class: "stack" }, card(null, null, form.form, problem, buttons)), element("div", { class: "stack" }, answer.content));
  return { content: [element("h1", {}, say("title")), element("p", { class: "note" }, say("note")), chips, columns], begin: (kept) => (kept ? hold.show(kept) : ask()), close: () => { live.stop(); hold.stop(); } };
}
