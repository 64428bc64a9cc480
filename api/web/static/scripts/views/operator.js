// The operator's room: what runs now, who did what, who may do what, who is told.
import { get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { element } from "../elements.js";
import { hear } from "../events.js";
import { words } from "../language.js";
import { whenOver } from "../life.js";
import { openAccess } from "../operator/access.js";
import { openAudit } from "../operator/audit.js";
import { bookCard } from "../operator/book.js";
import { clearingCard, nextRoundCard } from "../operator/clearing.js";
import { ledgerCard } from "../operator/ledger.js";
import { nodesCard } from "../operator/nodes.js";
import { policyCard } from "../operator/policy.js";
import { openWebhooks } from "../operator/webhooks.js";
import { redraw } from "../redraw.js";
import { rereading } from "../rereading.js";
import { show } from "../router.js";
import { role } from "../session.js";
import { notice, signInState } from "../states.js";
import { partOf, tabs } from "../tabs.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);
const PARTS = ["now", "audit", "access", "webhooks"], PAUSE_MS = 2000;

export async function open({ settings, signal }) {
  if (role() !== "operator") return { content: signInState(["operator"]) };
  const part = partOf(settings, PARTS);
  const opened = await { now: openNow, audit: openAudit, access: openAccess, webhooks: openWebhooks }[part](settings, show, signal);
  const heading = [element("h1", {}, say("title")), tabs(say("parts"), "/operator", PARTS.map((name) => [name, say(`part_${name}`)]), part)];
  return { content: [...heading, ...opened.content] };
}

// Cards that are read again, each by itself, when something they tell of happens.
async function openNow(_settings, _changed, signal) {
  const { regions } = await readCatalogue();
  let next = null;
  const parts = {
    next: async () => { next?.stop(); next = nextRoundCard(await get("/v1/exchange")); if (signal.aborted) next.stop(); return next.card; },
    clear: async () => clearingCard(await get("/v1/exchange")),
    ledger: ledgerCard, book: bookCard, nodes: () => nodesCard(regions, () => cards.nodes.now()), policy: () => policyCard(() => { cards.policy.now(); cards.clear.now(); }),
  };
  whenOver(signal, () => next?.stop());
  const slots = Object.fromEntries(Object.keys(parts).map((name) => [name, element("div")]));
  const read = async (name) => {
    try { redraw(slots[name], await parts[name]()); } catch (error) { if (!signal.aborted) notice(error.message, "bad"); }
  };
  const cards = Object.fromEntries(Object.keys(parts).map((name) => [name, rereading(() => read(name), PAUSE_MS, signal)]));
  const soon = (name) => cards[name].soon();
  await Promise.all(Object.entries(parts).map(async ([name, read]) => slots[name].replaceChildren(await read())));
  hear(["round.*", "node.*", "order.*", "account.*"], ({ event }) => {
    const [resource] = event.split(".");
    if (resource === "node") soon("nodes");
    if (resource === "round") ["next", "book", "ledger"].forEach(soon);
    if (resource === "order" || resource === "account") ["book", "ledger"].forEach(soon);
  }, { signal, missed: () => ["next", "book", "ledger", "nodes"].forEach(soon) });
  return {
    content: [
      element("div", { class: "columns operator-top" }, slots.ledger, element("div", { class: "stack" }, slots.next, slots.clear)),
      slots.book, slots.policy, slots.nodes,
    ],
  };
}
