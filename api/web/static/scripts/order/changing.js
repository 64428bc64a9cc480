// Actions on an order that its state allows: cancel, amend, submit a draft. Each is checked against what was read.
import { patch, post } from "../api.js";
import { element } from "../elements.js";
import { cny } from "../format.js";
import { words } from "../language.js";
import { whoami } from "../session.js";
import { once, problemLine } from "../submit/busy.js";
import { changesBetween, valuesOf } from "../submit/fields.js";
import { orderForm } from "../submit/form.js";
import { ORDER } from "../words/order.js";
import { priceOfCancelling } from "./granted.js";

const say = words(ORDER);
const WAITING = ["open", "interrupted"], GRANTED = ["allocated", "active"];
const path = (order, act = "") => `/v1/orders/${encodeURIComponent(order.id)}${act}`;
const asRead = (order) => ({ headers: { "If-Match": order.etag } });

export const amend = (order, changes) => patch(path(order), changes, asRead(order));
export const waits = (order) => WAITING.includes(order.state);
const mayChange = () => whoami()?.effective_scopes.includes("orders:write");

// Buttons for the state the order is in. `done(text)` is told when it has changed.
export function actionsOf(order, context, done) {
  if (!mayChange()) return null;
  const amendable = waits(order) || order.state === "draft";
  const button = (label, kind, act) => element("button", { type: "button", class: kind, onclick: act }, say(label));
  const found = [];
  if (order.state === "draft") found.push(button("submit_draft", "main", () => confirmed(say("submit_draft"), [say("submit_draft_note", { limit: cny(order.limit_price) })], () => post(path(order, "/submit"), undefined, asRead(order)), () => done(say("was_submitted")))));
  if (amendable) found.push(button("amend", null, () => amendDialog(order, context, done)));
  if (amendable || GRANTED.includes(order.state)) found.push(button("cancel_order", "danger", () => confirmed(say("cancel_order"), costOfCancelling(order), () => post(path(order, "/cancel"), undefined, asRead(order)), () => done(say("was_cancelled")))));
  return found.length ? element("div", { class: "row actions" }, found) : null;
}

function costOfCancelling(order) {
  if (!GRANTED.includes(order.state)) return [say("cancel_free", { held: cny(order.held) })];
  const paid = priceOfCancelling(order.allocation, Date.now());
  return [say("cancel_costs", { paid: cny(paid), price: cny(order.allocation.price) }), say("cancel_rule")];
}

function dialog(title, ...content) {
  const made = element("dialog", { "aria-label": title }, element("h2", {}, title), content);
  made.addEventListener("close", () => made.remove());
  document.getElementById("main").append(made);
  made.showModal();
  return made;
}

function confirmed(title, lines, act, done) {
  const problem = element("div");
  const yes = element("button", { type: "button", class: "main" }, title);
  const made = dialog(title, lines.map((line) => element("p", {}, line)), problem, element("div", { class: "row actions" }, yes, element("button", { type: "button", onclick: () => made.close() }, say("keep_it"))));
  yes.addEventListener("click", () => once(yes, async () => { await act(); made.close(); done(); }, (error) => problem.replaceChildren(problemLine(error))));
}

const FIXED = ["voucher_pool_id", "buyer_id"];

function amendDialog(order, context, done) {
  const before = valuesOf(order);
  for (const name of FIXED) delete before[name];
  const form = orderForm(before, context, { without: FIXED });
  const problem = element("div");
  const save = element("button", { type: "button", class: "main" }, say("amend"));
  const made = dialog(say("amend"), element("p", { class: "note" }, say("amend_note")), form.form, problem, element("div", { class: "row actions" }, save, element("button", { type: "button", onclick: () => made.close() }, say("keep_it"))));
  async function send() {
    const changes = changesBetween(before, form.values());
    if (Object.keys(changes).length) await amend(order, changes);
    made.close();
    if (Object.keys(changes).length) done(say("was_amended"));
  }
  save.addEventListener("click", () => { if (form.check()) once(save, send, (error) => problem.replaceChildren(problemLine(error, form.showProblem(error) ?? say("check")))); });
  form.form.addEventListener("submit", (event) => { event.preventDefault(); save.click(); });
}
