// Waiting for clearings: which of how many it is, how far it may still be from the best, and a way to give it up.
import { element } from "../elements.js";
import { number, percent } from "../format.js";
import { words } from "../language.js";
import { WHATIF } from "../words/whatif.js";

const say = words(WHATIF);
const ALMOST = 0.98;

// Gives { bar, told, stop }; `seconds` is how long one clearing may take.
export function waitingBar(seconds, giveUp) {
  const began = Date.now();
  const bar = element("progress", { max: 1, value: 0, "aria-label": say("clearing") });
  const text = element("span", {});
  let now = { number: 1, of: null, gap: null };
  const tick = () => { text.textContent = words1(now, (Date.now() - began) / 1000); };

  function told({ event, data }) {
    now = data;
    bar.max = data.of;
    bar.value = event === "step" ? data.number : data.number - 1 + ALMOST * Math.min(1, data.seconds / seconds);
    tick();
  }
  tick();
  const timer = setInterval(tick, 500);
  const drawn = element("div", { class: "waiting", role: "status" }, element("strong", {}, say("clearing")), bar, element("span", { "aria-hidden": "true" }, text),
    element("button", { type: "button", onclick: giveUp }, say("give_up")));
  return { bar: drawn, told, stop: () => clearInterval(timer) };
}

const words1 = ({ number: at, of, gap }, seconds) =>
  (of === null ? say("queued", { seconds: number(seconds) }) : say("waited", { at: number(at), of: number(of), gap: percent(gap, 2), seconds: number(seconds) }));
