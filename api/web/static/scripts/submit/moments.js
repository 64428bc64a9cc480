// Moments as forms write them: local to the market, whose clock knows no summer time.

const ZONE = "+08:00", AHEAD_MS = 8 * 3_600_000, HOUR_MS = 3_600_000;

export const toInput = (iso) => (iso ? new Date(new Date(iso).getTime() + AHEAD_MS).toISOString().slice(0, 16) : "");
export const fromInput = (value) => (value ? written(new Date(`${value}:00${ZONE}`)) : "");
// The full hour that begins at least `hours` from now.
export const hoursFromNow = (hours) => written(new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + hours * HOUR_MS));
const written = (date) => `${date.toISOString().slice(0, 19)}Z`;
