// A job in a line, as lists and headings tell it.
import { number } from "../format.js";
import { nameOf, words } from "../language.js";
import { className } from "../submit/controls.js";
import { term } from "../terms.js";
import { ORDER } from "../words/order.js";

const say = words(ORDER);

export const hoursWords = (hours) => (typeof hours === "object" ? say("hours_by_device") : say("hours", { hours: number(hours, Number.isInteger(hours) ? 0 : 1) }));
export const unitsWords = (units) => number(units, Number.isInteger(units) ? 0 : 1);
const deviceName = (id, devices) => (devices.has(id) ? nameOf(devices.get(id)) : id);

// All devices asked for, or the first `most` and how many more.
export function deviceWords({ devices: asked, compute_class: computeClass }, { devices }, most = Infinity) {
  if (asked === null) return say("any_device", { class: className(computeClass) });
  const named = asked.slice(0, most).map((id) => deviceName(id, devices)).join(say("or"));
  return asked.length > most ? `${named} +${number(asked.length - most)}` : named;
}

const IN_LINE = 2;

// "8 × any GPU · 12 h · Small training".
export const jobWords = (job, catalogue) => `${unitsWords(job.units)} × ${deviceWords(job, catalogue, IN_LINE)} · ${hoursWords(job.hours)} · ${term(job.job_class)}`;
