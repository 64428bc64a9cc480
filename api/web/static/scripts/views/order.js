// One order, followed live: where it is on its way, what it was granted, why, and what can be done about it.
import { all, get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { card, element, figures } from "../elements.js";
import { hear } from "../events.js";
import { cny, dayHour } from "../format.js";
import { words } from "../language.js";
import { whenOver } from "../life.js";
import { readWithoutLimits, candidatesOf } from "../order/candidates.js";
import { actionsOf, amend, waits } from "../order/changing.js";
import { grantedCard } from "../order/granted.js";
import { jobWords } from "../order/job.js";
import { alternativesCard, candidatesPicture, unplacedWords } from "../order/picture.js";
import { termsCard } from "../order/terms.js";
import { historyCard, stepsOf } from "../order/timeline.js";
import { verdictCard } from "../order/verdict.js";
import { nodeName, reasonGroups } from "../placing/reasons.js";
import { redraw } from "../redraw.js";
import { rereading } from "../rereading.js";
import { role } from "../session.js";
import { errorState, notice, signInState } from "../states.js";
import { stateTag } from "../terms.js";
import { ORDER } from "../words/order.js";

const say = words(ORDER);
const ROLES = ["buyer", "operator"];
const SETTLE_MS = 400, CLOCK_MS = 30_000;

export async function open({ ids, settings, signal }) {
  if (!ROLES.includes(role())) return { content: signInState(ROLES) };
  const [catalogue, pools] = await Promise.all([readCatalogue(), all("/v1/voucher-pools")]);
  return followed(await readOrder(ids.order_id), { ...catalogue, pools, buyers: [] }, settings, signal);
}

const readOrder = (id) => get(`/v1/orders/${encodeURIComponent(id)}`);

function followed(first, context, settings, signal) {
  let order = first;
  const head = element("div"), sides = element("div", { class: "stack" });
  const why = whySection(() => order, context, settings, async (changes) => {
    await amend(order, changes);
    await changed(say(waits(order) ? "applied_waits" : "applied"));
  });

  function draw() {
    redraw(head, ...headOf(order, context, changed));
    drawSides();
  }
  function drawSides() {
    redraw(sides, ...[order.allocation && grantedCard(order.allocation, context), termsCard(order, context), historyCard(order)].filter(Boolean));
  }
  async function changed(text) {
    notice(text);
    await refresh();
  }
  async function refresh() {
    const before = order;
    order = await readOrder(order.id);
    draw();
    if (order.allocation && !before.allocation) notice(say("placed_now", { node: nodeName(context, order.allocation.node_id), price: cny(order.allocation.price) }));
    await why.read();
  }
  follow(order.id, () => refresh().catch((error) => { if (!signal.aborted) notice(error.message, "bad"); }), signal);
  const clock = setInterval(() => order.allocation && drawSides(), CLOCK_MS); // how far it has run
  whenOver(signal, () => clearInterval(clock));
  draw();
  return { content: [head, element("div", { class: "columns wide-left order-columns" }, why.section, sides)], shown: why.read, close: why.close };
}

// What happens to this order, to its allocation, and rounds, which decide on it: together once a burst has passed.
function follow(id, told, signal) {
  const { soon } = rereading(told, SETTLE_MS, signal);
  const about = ({ event, data }) => { if (event === "round.landed" || data.resource_id === id || data.data?.order_id === id) soon(); };
  hear(["order.*", "round.landed", "allocation.*"], about, { signal, missed: soon });
}

function headOf(order, context, changed) {
  const granted = order.allocation;
  return [
    element("p", { class: "crumb" }, element("a", { href: "/orders" }, say("all_orders"))),
    element("h1", {}, jobWords(order.job, context)),
    element("p", { class: "note", role: "status" }, element("code", {}, order.id), " ", stateTag(order.state)),
    stepsOf(order),
    figures([
      { key: "limit", label: say("limit"), value: cny(order.limit_price) },
      granted ? { key: "price", label: say("price"), value: cny(granted.price) } : { key: "held", label: say("held"), value: cny(order.held), note: say("held_note") },
      { key: "paid", label: say("paid"), value: cny(order.paid) },
      granted ? { key: "where", label: say("node"), value: nodeName(context, granted.node_id) } : { key: "deadline", label: say("deadline"), value: dayHour(order.deadline) },
      granted ? { key: "starts", label: say("starts"), value: dayHour(granted.starts_at) } : null,
    ].filter(Boolean)),
    actionsOf(order, context, changed),
  ].filter(Boolean);
}

// The explanation is read after the order is shown: proving the smallest change takes the exchange a moment.
function whySection(orderNow, context, settings, apply) {
  const section = element("div", { class: "stack", "aria-live": "polite", "aria-busy": "true" }, card(say("verdict"), null, element("p", { class: "status asking" }, say("explaining"))));
  let shown = null, picture = null, turn = 0;

  async function read() {
    const mine = (turn += 1), order = orderNow();
    try {
      const [explanation, exchange, unlimited] = await Promise.all([get(`/v1/orders/${encodeURIComponent(order.id)}/explanation`), get("/v1/exchange"), order.allocation ? null : readWithoutLimits(order)]);
      if (mine !== turn) return;
      shown = { order, explanation, places: candidatesOf(order, explanation, unlimited, context) };
      draw(exchange);
    } catch (error) {
      if (mine === turn) section.replaceChildren(...errorState(error, read));
    }
  }
  function draw(exchange) {
    const { order, explanation, places } = shown;
    const verdict = verdictCard(order, explanation, context, exchange, apply);
    const missing = unplacedWords(explanation, places);
    const decided = explanation.reasons.filter((reason) => explanation.round_id !== null || reason.code !== "NOT_THIS_ROUND");
    const groups = reasonGroups(decided, context, explanation.code);
    const reasons = groups.length ? card(say(order.allocation ? "never" : "why_not"), missing, ...groups) : null;
    if (picture === null && places.length) picture = candidatesPicture(settings, () => shown);
    if (picture) picture.update();
    redraw(section, ...[verdict, places.length ? picture.card : null, places.length ? alternativesCard(shown) : null, reasons].filter(Boolean));
    section.setAttribute("aria-busy", "false");
  }
  return { section, read, close: () => { turn += 1; } };
}
