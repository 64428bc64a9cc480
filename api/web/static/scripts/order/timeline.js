// An order's life: where it is on its way, and every step it took.
import { card, element } from "../elements.js";
import { moment } from "../format.js";
import { hasWord, words } from "../language.js";
import { stateTag, term } from "../terms.js";
import { ORDER } from "../words/order.js";

const say = words(ORDER);
const WAY = ["draft", "open", "allocated", "active", "completed"];
const ENDS = new Set(["cancelled", "expired", "failed"]);

// The usual way with the moments it was reached; a way that ended early, or was broken off, ends where it did.
export function stepsOf({ state, history }) {
  const reached = new Map(history.map((step) => [step.state, step.at]));
  const way = ENDS.has(state) ? [...WAY.filter((step) => reached.has(step)), state] : state === "interrupted" ? ["open", "interrupted", "allocated", "active", "completed"] : WAY.filter((step) => step !== "draft" || reached.has("draft"));
  const here = way.indexOf(state);
  return element("ol", { class: "order-steps", "aria-label": say("way") }, way.map((step, at) =>
    element("li", { class: at < here ? "done" : at === here ? (ENDS.has(step) || step === "interrupted" ? "here ended" : "here") : null, "aria-current": at === here ? "step" : null },
      element("strong", {}, term(step)), element("small", {}, at <= here && reached.has(step) ? moment(reached.get(step)) : ""))));
}

const causeWords = (cause) => (hasWord(ORDER, `cause_${cause}`) ? say(`cause_${cause}`) : cause);

export function historyCard({ history }) {
  const steps = [...history].reverse().map((step) => element("li", {},
    element("div", {}, element("time", { datetime: step.at }, moment(step.at)), " ", stateTag(step.state), " ", causeWords(step.cause)),
    element("small", {}, step.reason, " · ", say("actor"), " ", element("code", {}, step.actor))));
  return card(say("history"), null, element("ol", { class: "history" }, steps));
}
