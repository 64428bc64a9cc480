// The hour on the map: a slider, and a button that lets the hours pass.
import { element, freshId } from "../elements.js";
import { dayHour } from "../format.js";
import { words } from "../language.js";
import { MARKET } from "../words/market.js";

const say = words(MARKET);
const PACES = [1200, 600, 250];

// `moved(hour)` is told each new hour, null is the mean of all; `rested(hour)` where it stays. Returns { controls, stop }.
export function hourClock(hours, hour, { moved, rested = () => {} }) {
  let at = hour, frame = null, pace = 1;
  const shown = element("output", { class: "hour" });
  const slider = element("input", { type: "range", min: -1, max: hours.length - 1, step: 1, id: freshId("hour"), oninput: () => { const chosen = Number(slider.value); halt(); to(chosen); rested(at); } });
  const play = element("button", { type: "button", class: "main", onclick: () => (frame ? stop() : start()) });
  const faster = element("button", { type: "button", onclick: () => { pace = (pace + 1) % PACES.length; write(); } });

  function write() {
    const text = at === null ? say("whole_day") : dayHour(hours[at]);
    shown.textContent = text;
    slider.value = at ?? -1;
    slider.setAttribute("aria-valuetext", text);
    play.textContent = say(frame ? "pause" : "play");
    faster.textContent = `${say("speed")} ${pace + 1}×`;
  }
  function to(value) {
    at = value < 0 ? null : value;
    write();
    moved(at);
  }
  // In step with what the screen shows: a frame that comes late moves one hour, not several.
  function start() {
    let due = performance.now() + PACES[pace];
    const look = (now) => {
      frame = requestAnimationFrame(look);
      if (now < due) return;
      due = Math.max(due, now - PACES[pace] / 2) + PACES[pace];
      to(at === null || at === hours.length - 1 ? 0 : at + 1);
    };
    frame = requestAnimationFrame(look);
    write();
  }
  function halt() {
    cancelAnimationFrame(frame);
    frame = null;
  }
  function stop() {
    if (frame === null) return;
    halt();
    write();
    rested(at);
  }
  write();
  const label = element("label", { for: slider.id }, say("time"));
  return { controls: element("div", { class: "clock" }, play, label, slider, shown, faster), stop: halt };
}
