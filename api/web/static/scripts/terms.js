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
// A flow of several classes together (null) has the colour of what is neither.
export const classColour = (jobClass) => `c${Math.min(JOB_CLASSES.indexOf(jobClass) + 1 || 8, 8)}`;
export const className = (jobClass) => term(jobClass ?? "several");
