// One's orders, or for the operator everybody's: filtered by the address, live, page by page.
import { all, get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { card, element } from "../elements.js";
import { number } from "../format.js";
import { words } from "../language.js";
import { batchUpload } from "../orders/batch.js";
import { chosenStates, countAddress, filterRow, listAddress } from "../orders/filters.js";
import { orderTable } from "../orders/list.js";
import { keep } from "../router.js";
import { role, whoami } from "../session.js";
import { notice, signInState } from "../states.js";
import { listen } from "../stream.js";
import { ORDERS } from "../words/orders.js";

const say = words(ORDERS);
const ROLES = ["buyer", "operator"];
const PAGE = 50, MOST_READ = 1000, SETTLE_MS = 600;

export async function open({ settings }) {
  if (!ROLES.includes(role())) return { content: signInState(ROLES) };
  const operator = role() === "operator";
  const [catalogue, { limits }, buyers] = await Promise.all([readCatalogue(), get("/v1/exchange"), operator ? all("/v1/buyers") : []]);
  const book = orderBook({ ...settings }, catalogue, operator, buyers);
  await book.read();
  const mayWrite = whoami().effective_scopes.includes("orders:write");
  const upload = mayWrite ? batchUpload(limits, book.refresh) : null;
  const head = element("div", { class: "card-head" }, element("h1", {}, say("title")), mayWrite ? element("a", { class: "button main", href: "/orders/new" }, say("submit")) : null);
  return { content: [head, element("p", { class: "note" }, say("note")), book.card, upload].filter(Boolean), shown: book.count, close: book.close };
}

function orderBook(settings, catalogue, operator, buyers) {
  const slot = element("div"), shown = element("p", { class: "note", role: "status" });
  const more = element("button", { type: "button", class: "more", onclick: () => told(readMore()) }, say("more"));
  const filters = filterRow(settings, buyers, (changes) => { Object.assign(settings, changes); keep(changes); told(refresh()); });
  let orders = [], cursor = null, turn = 0, settling = null, total = null;

  // The first `most` orders, in pages that the API gives.
  async function read(most = PAGE) {
    const mine = (turn += 1);
    const page = await get(listAddress(settings, { limit: most }));
    if (mine !== turn) return;
    orders = page.items;
    cursor = page.next_cursor;
    draw();
  }
  async function readMore() {
    const mine = (turn += 1);
    const page = await get(listAddress(settings, { limit: PAGE, cursor }));
    if (mine !== turn) return;
    orders = [...orders, ...page.items];
    cursor = page.next_cursor;
    draw();
  }
  async function count() {
    const counts = await get(countAddress(settings));
    filters.count(counts.by_state);
    total = chosenStates(settings).reduce((sum, state) => sum + counts.by_state[state], 0) || (settings.state ? 0 : counts.total);
    tellShown();
  }
  const tellShown = () => { shown.textContent = total === null ? say("shown", { count: number(orders.length) }) : say("shown_of", { count: number(orders.length), total: number(Math.max(total, orders.length)) }); };
  const refresh = () => Promise.all([read(Math.min(MOST_READ, Math.max(PAGE, orders.length))), count()]);
  function draw() {
    tellShown();
    slot.replaceChildren(orders.length ? orderTable(orders, catalogue, operator) : element("p", {}, say("none"), ". ", say("none_how"), " ", element("a", { href: "/orders/new" }, say("submit"))));
    more.hidden = cursor === null;
  }
  const told = (reading) => reading.catch((error) => notice(error.message, "bad"));
  const stop = listen("/v1/events?kinds=order.*", () => { settling ??= setTimeout(() => { settling = null; told(refresh()); }, SETTLE_MS); });
  return { card: card(null, null, filters.row, shown, slot, more), read, refresh: () => told(refresh()), count: () => told(count()), close: () => { clearTimeout(settling); stop(); } };
}
