// The book: how many orders of each compute class are in which state, as the exchange counts them.
import { get } from "../api.js";
import { card, element, table } from "../elements.js";
import { number } from "../format.js";
import { words } from "../language.js";
import { className } from "../submit/controls.js";
import { stateTag } from "../terms.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);
const STATES = ["draft", "open", "allocated", "active", "interrupted"];
const CLASSES = ["gpu", "hpc", "general"];

export async function bookCard() {
  const [all, ...counts] = (await Promise.all([null, ...CLASSES].map((name) => get("/v1/orders/counts", { compute_class: name })))).map((found) => found.by_state);
  const columns = [{ label: say("state"), word: true }, { label: say("all_classes") }, ...CLASSES.map((name) => ({ label: className(name) }))];
  const rows = STATES.map((state) => [stateTag(state), element("strong", {}, number(all[state])), ...counts.map((count) => number(count[state]))]);
  return card(say("book"), say("book_note"), table(say("book"), columns, rows));
}
