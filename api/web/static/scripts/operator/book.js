// The book: how many orders of each class are in which state.
import { all } from "../api.js";
import { card, element, table } from "../elements.js";
import { number } from "../format.js";
import { words } from "../language.js";
import { JOB_CLASSES, stateTag, term } from "../terms.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);
const STATES = ["draft", "open", "allocated", "active", "interrupted"];
const MOST = 5000;

export async function bookCard() {
  const found = await Promise.all(STATES.map((state) => all("/v1/orders", { state }, MOST)));
  const count = new Map();
  found.forEach((orders, at) => orders.forEach(({ job }) => {
    const key = `${STATES[at]} ${job.job_class}`;
    count.set(key, (count.get(key) ?? 0) + 1);
  }));
  const classes = JOB_CLASSES.filter((name) => STATES.some((state) => count.has(`${state} ${name}`)));
  const capped = found.some((orders) => orders.length >= MOST);
  const columns = [{ label: say("state"), word: true }, { label: say("all_classes") }, ...classes.map((name) => ({ label: term(name === "hpc" ? "hpc_class" : name) }))];
  const rows = STATES.map((state, at) => [stateTag(state), element("strong", {}, `${number(found[at].length)}${found[at].length >= MOST ? "+" : ""}`), ...classes.map((name) => number(count.get(`${state} ${name}`) ?? 0))]);
  return card(say("book"), capped ? say("book_capped", { most: number(MOST) }) : say("book_note"), table(say("book"), columns, rows));
}
