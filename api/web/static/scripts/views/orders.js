// One's orders, or for the operator everybody's: filtered by the address, live, page by page.
import { all, get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { card, element } from "../elements.js";
import { hear } from "../events.js";
import { number } from "../format.js";
import { words } from "../language.js";
import { batchUpload } from "../orders/batch.js";
import { chosenStates, countAddress, filterRow, listAddress } from "../orders/filters.js";
import { orderTable } from "../orders/list.js";
import { hide, redraw } from "../redraw.js";
import { rereading } from "../rereading.js";
import { keep } from "../router.js";
import { role, whoami } from "../session.js";
import { notice, signInState } from "../states.js";
import { ORDERS } from "../words/orders.js";

const say = words(ORDERS);
const ROLES = ["buyer", "operator"];
const PAGE = 50, MOST_READ = 1000, SETTLE_MS = 600;

export async function open({ settings, signal }) {
  if (!ROLES.includes(role())) return { content: signInState(ROLES) };
  const operator = role() === "operator";
  const [catalogue, { limits }, buyers] = await Promise.all([readCatalogue(), get("/v1/exchange"), operator ? all("/v1/buyers") : []]);
  const book = orderBook({ ...settings }, catalogue, operator, buyers, signal);
  await book.read();
  const mayWrite = whoami().effective_scopes.includes("orders:write");
  const upload = mayWrite ? batchUpload(limits, book.refresh) : null;
  const head = element("div", { class: "card-head" }, element("h1", {}, say("title")), mayWrite ? element("a", { class: "button main", href: "/orders/new" }, say("submit")) : null);
  return { content: [head, element("p", { class: "note" }, say("note")), book.card, upload].filter(Boolean), shown: book.count };
}

function orderBook(settings, catalogue, operator, buyers, signal) {
  const slot = element("div"), shown = element("p", { class: "note", role: "status" });
  const more = element("button", { type: "button", class: "more", onclick: () => told(readMore()) }, say("more"));
  const filters = filterRow(settings, buyers, (changes) => { Object.assign(settings, changes); keep(changes); turn += 1; orders = []; told(refresh()); });
  let orders = [], cursor = null, turn = 0, total = null, reading = Promise.resolve();

  // One after the other, so that what goes on never makes "more" come to nothing; what was asked under other filters is let go.
  const inLine = (read) => (reading = reading.catch(() => {}).then(read));

  // The first orders, and as many of those after them as are shown.
  const read = (mine = turn) => inLine(async () => {
    if (mine !== turn) return;
    const wanted = Math.max(PAGE, orders.length), found = [];
    let next = null;
    do {
      const page = await get(listAddress(settings, { limit: Math.min(MOST_READ, wanted - found.length), cursor: next }), {}, { signal });
      if (mine !== turn) return;
      found.push(...page.items);
      next = page.next_cursor;
    } while (next && found.length < wanted);
    orders = found;
    cursor = next;
    draw();
  });
  const readMore = (mine = turn) => inLine(async () => {
    if (mine !== turn || cursor === null) return;
    const page = await get(listAddress(settings, { limit: PAGE, cursor }), {}, { signal });
    if (mine !== turn) return;
    const known = new Set(orders.map(({ id }) => id));
    orders = [...orders, ...page.items.filter(({ id }) => !known.has(id))];
    cursor = page.next_cursor;
    draw();
  });
  async function count() {
    const counts = await get(countAddress(settings));
    filters.count(counts.by_state);
    total = chosenStates(settings).reduce((sum, state) => sum + counts.by_state[state], 0) || (settings.state ? 0 : counts.total);
    tellShown();
  }
  const tellShown = () => { shown.textContent = total === null ? say("shown", { count: number(orders.length) }) : say("shown_of", { count: number(orders.length), total: number(Math.max(total, orders.length)) }); };
  const refresh = () => Promise.all([read(), count()]);
  function draw() {
    tellShown();
    redraw(slot, orders.length ? orderTable(orders, catalogue, operator) : element("p", {}, say("none"), ". ", say("none_how"), " ", element("a", { href: "/orders/new" }, say("submit"))));
    hide(more, cursor === null, slot.querySelector(".scroll"));
  }
  const told = (asked) => asked.catch((error) => { if (!signal.aborted) notice(error.message, "bad"); });
  const { soon } = rereading(() => told(refresh()), SETTLE_MS, signal);
  hear(["order.*"], soon, { signal, missed: soon });
  return { card: card(null, null, filters.row, shown, slot, more), read, refresh: () => told(refresh()), count: () => told(count()) };
}
