// What people come for: jobs to begin from. Each is a whole form; the limit price follows from the market.
import { element } from "../elements.js";
import { words } from "../language.js";
import { SUBMIT } from "../words/submit.js";
import { hoursFromNow } from "./moments.js";

const say = words(SUBMIT);

const ANY = { devices: [], allowed_regions: [], max_rtt_ms: "", max_pue: "", min_green_share: "", earliest_start: "", interruptible: false, voucher_pool_id: "", latency_cost_per_ms_hour: "0", time_in_force: "until_deadline" };
// `within`: hours from now until the deadline.
const PRESETS = {
  fine_tune: { compute_class: "gpu", job_class: "training_small", precision: "fp16", min_memory_gb: "64", units: "8", hours: "12", data_gb: "200", interruptible: true, within: 48 },
  pretrain: { compute_class: "gpu", job_class: "training_large", precision: "fp16", min_memory_gb: "64", units: "64", hours: "36", data_gb: "2000", interruptible: true, within: 72 },
  realtime: { compute_class: "gpu", job_class: "inference_realtime", precision: "int8", min_memory_gb: "24", units: "2", hours: "12", data_gb: "10", max_rtt_ms: "20", latency_cost_per_ms_hour: "0.02", within: 24 },
  batch: { compute_class: "gpu", job_class: "inference_batch", precision: "int8", min_memory_gb: "32", units: "4", hours: "6", data_gb: "100", interruptible: true, within: 36 },
  hpc_run: { compute_class: "hpc", job_class: "hpc", precision: "fp64", min_memory_gb: "", units: "1024", hours: "12", data_gb: "500", within: 48 },
  render: { compute_class: "gpu", job_class: "rendering", precision: "fp32", min_memory_gb: "24", units: "16", hours: "6", data_gb: "300", interruptible: true, within: 24 },
  services: { compute_class: "general", job_class: "general", precision: "", min_memory_gb: "", units: "64", hours: "24", data_gb: "20", max_rtt_ms: "30", within: 48 },
};

export const PRESET_NAMES = Object.keys(PRESETS);
export const FIRST_PRESET = PRESET_NAMES[0];

// `device`: one that is asked for already; the job is then of its class, at a precision it has.
export function presetValues(name, origin, device) {
  const { within, ...values } = PRESETS[name];
  const suited = device && { compute_class: device.compute_class, precision: values.precision in device.speed ? values.precision : "", min_memory_gb: "" };
  return { ...ANY, limit_price: "", buyer_id: "", origin_region: origin, ...values, ...suited, deadline: hoursFromNow(within) };
}

export function presetChips(chosen, take) {
  const press = (name) => {
    take(name);
    for (const button of row.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === name));
  };
  const row = element("div", { class: "chips presets", role: "group", "aria-label": say("presets") }, element("span", { class: "label" }, say("presets")),
    PRESET_NAMES.map((name) => element("button", { type: "button", value: name, "aria-pressed": String(name === chosen), onclick: () => press(name) }, say(name))));
  return row;
}
