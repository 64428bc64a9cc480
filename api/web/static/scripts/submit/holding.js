// A held quote: its place and price set aside for some minutes, counted down.
import { get, post } from "../api.js";
import { element } from "../elements.js";
import { cny, moment } from "../format.js";
import { words } from "../language.js";
import { nodeName } from "../placing/reasons.js";
import { notice } from "../states.js";
import { SUBMIT } from "../words/submit.js";
import { once } from "./busy.js";
import { forgetHeld, keepHeld, keptHeld } from "./held-quote.js";

const say = words(SUBMIT);
const MINUTES = 10;

// The button that holds, where there is a place within the limit price.
export function holdOffer(places, take, failed) {
  if (!places.some((place) => place.group !== "priced")) return null;
  const button = element("button", { type: "button", onclick: () => once(button, take, failed) }, say("hold", { minutes: MINUTES }));
  return element("div", { class: "row" }, button, element("small", {}, say("hold_note")));
}

const path = (held, what = "") => `/v1/quotes/${encodeURIComponent(held.id)}${what}`;

// What this tab held when its view was left, where the exchange still holds it: { held, order, values }, or null.
export async function readHeld() {
  const kept = keptHeld();
  if (!kept) return null;
  try {
    const held = await get(path(kept.held));
    if (held.state === "held") return { ...kept, held };
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  forgetHeld();
  return null;
}

// At most one quote is held; begun(bar) and over() tell when, submit(order) orders on it.
export function holding(catalogue, { begun, over, submit, failed }) {
  let stopCounting = () => {};

  async function take(order, values) {
    const { held } = await post("/v1/quotes", { ...order, hold_minutes: MINUTES });
    keepHeld({ held, order, values });
    show({ held, order });
  }
  function show({ held, order }) {
    const left = element("strong", { class: "left", role: "timer" });
    stopCounting = countDown(held.expires_at, left, () => end(say("lapsed"), "bad"));
    const button = (kind, label, act) => element("button", { type: "button", class: kind, onclick: ({ currentTarget }) => once(currentTarget, act, failed) }, label);
    begun(element("div", { class: "verdict good", role: "status" },
      element("p", {}, say("held", { node: nodeName(catalogue, held.node_id), price: cny(held.price), starts: moment(held.starts_at) }), " · ", left),
      element("div", { class: "row" },
        button("main", say("submit_held", { price: cny(held.price) }), async () => { await submit({ ...order, quote_id: held.id }); forgetHeld(); }),
        button(null, say("release"), async () => { await post(path(held, "/release")); end(say("released")); }))));
  }
  function end(text, kind) {
    stopCounting();
    forgetHeld();
    notice(text, kind);
    over();
  }
  return { take, show, stop: () => stopCounting() };
}

function countDown(until, shown, ended) {
  const timer = setInterval(tick, 1000);
  function tick() {
    const seconds = Math.max(0, Math.floor((new Date(until) - Date.now()) / 1000));
    shown.textContent = say("held_until", { left: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` });
    if (seconds === 0) ended();
  }
  tick();
  return () => clearInterval(timer);
}
