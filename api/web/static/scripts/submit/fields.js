// The fields of an order: where each belongs in a request, how the form writes it, and how the address keeps it.

// kind: choice, number, money, list, moment, flag. `of`: "job" where it lies inside the job.
export const FIELDS = {
  compute_class: { of: "job", kind: "choice" }, job_class: { of: "job", kind: "choice" }, devices: { of: "job", kind: "list" }, precision: { of: "job", kind: "choice" },
  min_memory_gb: { of: "job", kind: "number" }, units: { of: "job", kind: "number" }, hours: { of: "job", kind: "number" }, origin_region: { of: "job", kind: "choice" },
  max_rtt_ms: { of: "job", kind: "number" }, data_gb: { of: "job", kind: "number" }, allowed_regions: { of: "job", kind: "list" }, max_pue: { of: "job", kind: "number" },
  min_green_share: { of: "job", kind: "number" },
  limit_price: { kind: "money" }, latency_cost_per_ms_hour: { kind: "money" }, earliest_start: { kind: "moment" }, deadline: { kind: "moment" },
  time_in_force: { kind: "choice" }, interruptible: { kind: "flag" }, voucher_pool_id: { kind: "choice" }, buyer_id: { kind: "choice" },
};

const IN_ADDRESS = { allowed_regions: "regions" };
const nameInAddress = (name) => IN_ADDRESS[name] ?? name;
const EMPTIED = "none";

const READ = {
  list: (text) => text.split(",").filter(Boolean),
  flag: (text) => text === "true",
};

// What an address asks for: ?devices=h800_sxm,910b&regions=guian&units=8.
export function fromAddress(settings) {
  const asked = Object.keys(FIELDS).filter((name) => settings[nameInAddress(name)] !== undefined);
  const read = (name, text) => (READ[FIELDS[name].kind] ?? String)(text === EMPTIED ? "" : text);
  return Object.fromEntries(asked.map((name) => [name, read(name, settings[nameInAddress(name)])]));
}

// What the address has to say beyond `usual`; null takes a setting out of it.
export function toAddress(values, usual) {
  const told = (name) => (String(values[name] ?? "") === String(usual[name] ?? "") ? null : String(values[name]) || EMPTIED);
  return Object.fromEntries(Object.keys(FIELDS).map((name) => [nameInAddress(name), told(name)]));
}

const WRITE = {
  number: (value) => (value === "" ? null : typeof value === "object" ? value : Number(value)),
  list: (value) => (value.length ? value : null),
  flag: Boolean,
};
const NEVER_NULL = new Set(["data_gb", "latency_cost_per_ms_hour"]);

// Values of the form as the API writes them: { compute_class: "gpu", limit_price: "12.00", … }, flat.
export function written(values) {
  const pairs = Object.entries(values).map(([name, value]) => [name, (WRITE[FIELDS[name].kind] ?? ((text) => text || null))(value)]);
  return Object.fromEntries(pairs.map(([name, value]) => [name, value === null && NEVER_NULL.has(name) ? (name === "data_gb" ? 0 : "0") : value]));
}

// An OrderRequest.
export function requestOf(values) {
  const flat = Object.entries(written(values));
  const part = (of) => Object.fromEntries(flat.filter(([name]) => FIELDS[name].of === of));
  return { job: part("job"), ...part(undefined) };
}

// An order of the API as values of the form.
export function valuesOf(order) {
  const shown = (name, value) => {
    if (value === null || value === undefined) return FIELDS[name].kind === "list" ? [] : "";
    return ["list", "flag"].includes(FIELDS[name].kind) || typeof value === "object" ? value : String(value);
  };
  return Object.fromEntries(Object.entries(FIELDS).map(([name, { of }]) => [name, shown(name, of ? order.job[name] : order[name])]));
}

// Fields that differ, as an amendment names them.
export function changesBetween(before, after) {
  const was = written(before), is = written(after);
  return Object.fromEntries(Object.keys(is).filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name])).map((name) => [name, is[name]]));
}
