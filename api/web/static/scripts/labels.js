// Names beside the dots: larger places first; a name that finds no room is left to the dot's tooltip.
import { drawn } from "./elements.js";
import { nameOf } from "./language.js";

const LINE = 16;
const width = (name) => [...name].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 255 ? 14 : 8), 0);
const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

const within = (spot, sheet) => spot.x >= 0 && spot.x + spot.w <= sheet.width && spot.y >= 0 && spot.y + spot.h <= sheet.height;

export function placeLabels(regions, at, radius, sheet) {
  const taken = regions.map((region) => {
    const [x, y] = at(region), r = radius(region);
    return { x: x - r, y: y - r, w: 2 * r, h: 2 * r };
  });
  const labels = [];
  const bySize = [...regions].sort((a, b) => radius(b) - radius(a) || (a.id < b.id ? -1 : 1));
  for (const region of bySize) {
    const name = nameOf(region), w = width(name), [x, y] = at(region), r = radius(region) + 5;
    const spots = [
      { x: x + r, y: y - LINE / 2 }, { x: x - r - w, y: y - LINE / 2 },
      { x: x - w / 2, y: y - r - LINE }, { x: x - w / 2, y: y + r },
    ].map((spot) => ({ ...spot, w, h: LINE }));
    const free = spots.find((spot) => within(spot, sheet) && !taken.some((other) => overlap(spot, other)));
    if (!free) continue;
    taken.push(free);
    labels.push(drawn("text", { class: "place", x: free.x.toFixed(1), y: (free.y + 12).toFixed(1) }, name));
  }
  return labels;
}
