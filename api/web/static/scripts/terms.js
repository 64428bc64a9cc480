// The market's words as elements: tags for states, sides and reasons.
import { element } from "./elements.js";
import { hasWord, words } from "./language.js";
import { TERMS } from "./words/terms.js";

export const term = words(TERMS);
export const termOr = (key) => (hasWord(TERMS, key) ? term(key) : key);

const KIND = {
  landed: "good", completed: "good", active: "good", allocated: "good", granted: "good", up: "good", OPTIMAL: "good",
  refused: "bad", failed: "bad", interrupted: "bad", down: "bad", expired: "warn", cancelled: "soft", draft: "soft", withdrawn: "soft", moved: "soft",
};
export const stateTag = (state) => element("span", { class: `tag ${KIND[state] ?? "warn"}` }, termOr(state));
export const sideTag = (side) => element("span", { class: `tag ${side}` }, term(side));
export const JOB_CLASSES = ["training_large", "training_small", "inference_realtime", "inference_interactive", "inference_batch", "hpc", "rendering", "general", "other"];
// A colour of its own for each class, and for several that are told together (null).
export const classColour = (jobClass) => (jobClass === null ? "ink" : `c${JOB_CLASSES.indexOf(jobClass) + 1}`);
export const className = (jobClass) => term(jobClass ?? "several");
