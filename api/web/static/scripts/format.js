// Numbers, money and times as the reader's language writes them. What is not there is a dash.
import { locale } from "./language.js";

const DASH = "–";
const missing = (value) => value === null || value === undefined || Number.isNaN(value);

// To make a formatter is far dearer than to use it: of each kind, language and set of options one is made and kept.
const made = new Map();
function kept(Formatter, options) {
  const name = `${Formatter.name} ${locale()} ${JSON.stringify(options)}`;
  if (!made.has(name)) made.set(name, new Formatter(locale(), options));
  return made.get(name);
}

export function number(value, places = 0) {
  if (missing(value)) return DASH;
  return kept(Intl.NumberFormat, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value);
}

// Few digits, for axes and tight places: 12k, 1.3M; 1.2万 in Chinese.
export const compact = (value, places = 1) =>
  (missing(value) ? DASH : kept(Intl.NumberFormat, { notation: "compact", maximumFractionDigits: places }).format(value));

export const percent = (share, places = 1) => (missing(share) ? DASH : `${number(share * 100, places)}%`);

// Decimal strings of the API as CNY.
export function cny(text, places = 2) {
  if (missing(text)) return DASH;
  const amount = Number(text);
  return `${amount < 0 ? "−" : ""}¥${number(Math.abs(amount), places)}`;
}

// A price of little, such as of a core-hour: as many digits as it has, up to the micro-yuan that the exchange counts in.
export function cnyInFull(text) {
  const micros = Math.round(Math.abs(Number(text)) * 1e6);
  const places = [2, 3, 4, 5].find((digits) => micros % 10 ** (6 - digits) === 0) ?? 6;
  return cny(text, places);
}

export const withUnit = (value, unit, places = 0) => (missing(value) ? DASH : `${number(value, places)} ${unit}`);

const inMarketTime = (iso, options) =>
  (missing(iso) ? DASH : kept(Intl.DateTimeFormat, { timeZone: "Asia/Shanghai", ...options }).format(new Date(iso)));

export const moment = (iso) => inMarketTime(iso, { dateStyle: "medium", timeStyle: "short" });
export const day = (iso) => inMarketTime(iso, { dateStyle: "medium" });
export const hour = (iso) => inMarketTime(iso, { hour: "2-digit", minute: "2-digit", hour12: false });
export const dayHour = (iso) => inMarketTime(iso, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false });

export const hoursAfter = (iso, hours) => new Date(new Date(iso).getTime() + hours * 3_600_000).toISOString();
