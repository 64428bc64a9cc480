// Waiting for clearings: how long it has taken of what it is expected to take. The API tells nothing meanwhile.
import { element } from "../elements.js";
import { number } from "../format.js";
import { words } from "../language.js";
import { WHATIF } from "../words/whatif.js";

const say = words(WHATIF);

// Gives { bar, stop }; `expected` in seconds.
export function waitingBar(expected, giveUp) {
  const began = Date.now();
  const bar = element("progress", { max: expected, value: 0, "aria-label": say("clearing") });
  const told = element("span", {});
  const tick = () => {
    const seconds = (Date.now() - began) / 1000;
    bar.value = Math.min(seconds, expected * 0.98);
    told.textContent = seconds < expected ? say("waited", { seconds: number(seconds), expected: number(expected) }) : say("waited_longer", { seconds: number(seconds) });
  };
  tick();
  const timer = setInterval(tick, 500);
  const drawn = element("div", { class: "waiting", role: "status" }, element("strong", {}, say("clearing")), bar, element("span", { "aria-hidden": "true" }, told),
    element("button", { type: "button", onclick: giveUp }, say("give_up")));
  return { bar: drawn, stop: () => clearInterval(timer) };
}
