// The numbered steps of a round, as they are done.
import { element } from "../elements.js";
import { number } from "../format.js";
import { hasWord, words } from "../language.js";
import { ROUNDS } from "../words/rounds.js";

const say = words(ROUNDS);
const STEPS = ["freeze", "build", "solve", "verify", "read", "land"];

export const steps = (done) =>
  element("ol", { class: "steps" }, STEPS.map((name) => {
    const one = done.findLast((step) => step.step === name);
    const label = hasWord(ROUNDS, `step_${name}`) ? say(`step_${name}`) : name;
    return element("li", { class: one ? (one.failed ? "bad" : "done") : null }, label, one ? element("small", {}, ` ${number(one.seconds, 1)} s`) : null);
  }));
