// All rounds, newest first; the list follows what happens.
import { get } from "../api.js";
import { card, element, table } from "../elements.js";
import { cny, moment, number, percent } from "../format.js";
import { words } from "../language.js";
import { emptyState } from "../states.js";
import { listen } from "../stream.js";
import { stateTag, term, termOr } from "../terms.js";
import { ROUNDS } from "../words/rounds.js";

const say = words(ROUNDS);
const PAGE = 25;

export async function open() {
  let page = await get("/v1/rounds", { limit: PAGE });
  if (!page.items.length) return { content: emptyState(say("none"), say("none_how")) };
  const rounds = [...page.items];
  const slot = element("div");
  const more = element("button", { type: "button", class: "more", onclick: readMore }, say("more"));

  async function readMore() {
    page = await get("/v1/rounds", { limit: PAGE, cursor: page.next_cursor });
    rounds.push(...page.items);
    draw();
  }
  async function refresh() {
    const newest = (await get("/v1/rounds", { limit: PAGE })).items;
    const known = new Map(rounds.map((round, at) => [round.id, at]));
    const fresh = newest.filter((round) => !known.has(round.id));
    for (const round of newest) if (known.has(round.id)) rounds[known.get(round.id)] = round;
    rounds.unshift(...fresh);
    draw();
  }
  function draw() {
    slot.replaceChildren(roundTable(rounds));
    more.hidden = !page.next_cursor;
  }
  draw();
  const stop = listen("/v1/events?kinds=round.*", () => refresh().catch(() => null));
  return { content: [element("h1", {}, say("title")), element("p", { class: "note" }, say("note")), card(null, null, slot, more)], close: stop };
}

function roundTable(rounds) {
  const columns = [["round", true], ["opened", true], ["state", true], ["policy", true], ["pricing", true], ["orders", false], ["placed", false], ["gap", false], ["value", false], ["seconds", false]]
    .map(([key, word]) => ({ label: say(key), word }));
  const rows = rounds.map((round) => [
    element("a", { href: `/rounds/${round.id}` }, element("code", {}, round.id)), moment(round.opened_at), stateTag(round.state), termOr(round.policy.name), term(round.pricing),
    number(round.orders), round.state === "landed" ? number(round.placed) : "–", percent(round.gap, 2), cny(round.value, 0), number(round.seconds, 1),
  ]);
  return table(say("title"), columns, rows);
}
