// All rounds, newest first; the list follows what happens.
import { get } from "../api.js";
import { card, element, table } from "../elements.js";
import { hear } from "../events.js";
import { cny, moment, number, percent } from "../format.js";
import { words } from "../language.js";
import { hide, redraw } from "../redraw.js";
import { rereading } from "../rereading.js";
import { emptyState, notice } from "../states.js";
import { stateTag, term, termOr } from "../terms.js";
import { ROUNDS } from "../words/rounds.js";

const say = words(ROUNDS);
const PAGE = 25, SETTLE_MS = 300;

export async function open({ signal }) {
  let page = await get("/v1/rounds", { limit: PAGE });
  let rounds = page.items, older = null;
  const failed = (error) => { if (!signal.aborted) notice(error.message, "bad"); };
  const { soon } = rereading(() => refresh().catch(failed), SETTLE_MS, signal);
  hear(["round.*"], soon, { signal, missed: soon });
  const content = element("div"), slot = element("div");
  const more = element("button", { type: "button", class: "more", onclick: () => (older ??= readMore().catch(failed).finally(() => { older = null; })) }, say("more"));
  const list = [element("h1", {}, say("title")), element("p", { class: "note" }, say("note")), card(null, null, slot, more)];

  async function readMore() {
    page = await get("/v1/rounds", { limit: PAGE, cursor: page.next_cursor }, { signal });
    const known = new Set(rounds.map(({ id }) => id));
    rounds = [...rounds, ...page.items.filter(({ id }) => !known.has(id))];
    draw();
  }
  // The newest, then those that are known; where none of the newest is known, some between were missed, and the list begins anew.
  async function refresh() {
    const newest = await get("/v1/rounds", { limit: PAGE }, { signal });
    const read = new Set(newest.items.map(({ id }) => id)), kept = rounds.filter(({ id }) => !read.has(id));
    const joined = kept.length < rounds.length;
    rounds = joined ? [...newest.items, ...kept] : newest.items;
    if (!joined) page = newest;
    draw();
  }
  function draw() {
    if (!rounds.length) return content.replaceChildren(...emptyState(say("none"), say("none_how")));
    if (!slot.isConnected) content.replaceChildren(...list);
    redraw(slot, roundTable(rounds));
    hide(more, !page.next_cursor, slot.querySelector(".scroll"));
  }
  draw();
  return { content };
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
