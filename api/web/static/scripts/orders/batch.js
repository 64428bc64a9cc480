// Many orders from a file: a JSON document or one order a line, each answered on its own.
import { post } from "../api.js";
import { csv, download } from "../chart.js";
import { element, field, table } from "../elements.js";
import { cny, number, withUnit } from "../format.js";
import { words } from "../language.js";
import { once, problemLine } from "../submit/busy.js";
import { stateTag } from "../terms.js";
import { ORDERS } from "../words/orders.js";

const say = words(ORDERS);
const SHOWN = 200, REFUSED_FROM = 400;

// Orders of a file. What cannot be read as JSON is sent as it is, so that the exchange answers to that line too.
export function ordersOf(text) {
  const whole = readJson(text.trim());
  if (Array.isArray(whole)) return whole.map((order, at) => ({ order, line: at + 1 }));
  if (Array.isArray(whole?.orders)) return whole.orders.map((order, at) => ({ order, line: at + 1 }));
  const lines = text.split(/\r?\n/).map((line, at) => ({ line: at + 1, text: line.trim() })).filter((line) => line.text);
  return lines.map(({ line, text: written }) => ({ line, order: readJson(written) ?? written }));
}

function readJson(text) {
  try { return JSON.parse(text); } catch { return null; /* not JSON as a whole, or a malformed line: the caller decides */ }
}

// `limits` are those of the exchange; `done()` is told when orders have been taken.
export function batchUpload(limits, done) {
  const answer = element("div", { "aria-live": "polite" });
  const file = element("input", { type: "file", accept: ".json,.ndjson,.jsonl,application/json,application/x-ndjson", required: true });
  const send = element("button", { type: "submit", class: "main" }, say("upload"));
  const failed = (error) => answer.replaceChildren(problemLine(error));
  const form = element("form", { class: "row" }, field(say("file"), file, say("file_hint", { most: number(limits.orders_per_batch), megabytes: withUnit(limits.body_bytes / 2 ** 20, "MiB") })), send);

  async function upload() {
    const given = ordersOf(await file.files[0].text());
    if (!given.length || given.length > limits.orders_per_batch) {
      answer.replaceChildren(element("p", { class: "verdict bad", role: "alert" }, say(given.length ? "too_many" : "no_orders", { count: number(given.length), most: number(limits.orders_per_batch) })));
      return;
    }
    answer.replaceChildren(element("p", { class: "status asking" }, say("uploading", { count: number(given.length) })));
    const { items } = await post("/v1/orders/batch", { orders: given.map(({ order }) => order) });
    answer.replaceChildren(...answersOf(items.map((item, at) => ({ ...item, line: given[at].line }))));
    form.reset();
    done();
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); once(send, upload, failed); });
  return element("details", { class: "card upload" }, element("summary", {}, element("h2", {}, say("batch"))), element("p", { class: "note" }, say("batch_note")), form, answer);
}

// The refused first: they are what is left to do.
function answersOf(items) {
  const refused = items.filter((item) => item.status >= REFUSED_FROM), taken = items.filter((item) => item.status < REFUSED_FROM);
  const columns = [["line", true], ["status", false], ["order", true], ["answer", true]].map(([key, word]) => ({ label: say(key), word }));
  const rows = [...refused, ...taken];
  const save = () => download("answers.csv", new Blob([csv([columns.map((column) => column.label), ...items.map((item) => [item.line, item.status, item.order?.id ?? "", item.error ? `${item.error.code}: ${item.error.detail}` : item.order.state])])], { type: "text/csv;charset=utf-8" }));
  return [
    element("p", { class: `verdict ${refused.length ? "warn" : "good"}`, role: "status" }, say("answered", { taken: number(taken.length), refused: number(refused.length) })),
    table(say("answers"), columns, rows.slice(0, SHOWN).map(answerRow)),
    element("p", {}, rows.length > SHOWN ? say("first_of", { shown: number(SHOWN), count: number(rows.length) }) : null, " ", element("button", { type: "button", onclick: save }, say("save_answers"))),
  ];
}

function answerRow({ line, status, order, error }) {
  if (error) return [number(line), String(status), "–", element("span", {}, element("a", { href: `/problems/${error.code}`, target: "_blank", rel: "noopener" }, error.code), " ", fieldsOf(error))];
  return [number(line), String(status), element("a", { href: `/orders/${order.id}` }, element("code", {}, order.id)), element("span", {}, stateTag(order.state), " ", cny(order.limit_price))];
}

const fieldsOf = ({ detail, errors }) => (errors?.length ? errors.map(({ loc, msg }) => `${loc.filter((part) => part !== "body").join(".")}: ${msg}`).join("; ") : detail);
