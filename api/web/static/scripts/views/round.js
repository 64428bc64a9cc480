// One round: how it was solved (or is being solved), what its gap is made of, what it paid, which hours were tight.
import { get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { chartCard } from "../chart.js";
import { card, element, figures, select, table } from "../elements.js";
import { cny, moment, number, percent } from "../format.js";
import { words } from "../language.js";
import { gapOption, gapTable } from "../rounds/gap.js";
import { PARTS, pricesHeight, pricesNote, pricesOption, pricesTable } from "../rounds/prices.js";
import { progressOption, progressTable } from "../rounds/progress.js";
import { steps } from "../rounds/steps.js";
import { useOption, useTable } from "../rounds/use.js";
import { keep, show } from "../router.js";
import { role } from "../session.js";
import { notice } from "../states.js";
import { listen } from "../stream.js";
import { stateTag, term, termOr } from "../terms.js";
import { ROUNDS } from "../words/rounds.js";

const say = words(ROUNDS);

export async function open({ ids, settings, signal }) {
  const round = await get(`/v1/rounds/${encodeURIComponent(ids.round_id)}`);
  if (round.state === "clearing") return openLive(round, signal);
  return { content: round.state === "landed" ? await landed(round, settings) : [...heading(round), failed(round)] };
}

// While it clears: value and bound as they come, the steps as they are done; then the round as it ended.
function openLive(round, signal) {
  const points = [], done = [];
  const chart = progressCard(round, points, say("live_note"));
  const stepSlot = element("div", {}, steps(done));
  // Whoever looks on is told everything from the beginning, after a break again.
  const begin = (on) => {
    if (!on) return;
    points.length = done.length = 0;
  };
  listen(`/v1/rounds/${round.id}/progress`, ({ event, data }) => {
    if (event === "progress") {
      points.push([data.seconds, Number(data.value) * 1e6, Number(data.bound) * 1e6]);
      chart.update();
    } else if (event === "step") {
      done.push(data);
      stepSlot.replaceChildren(steps(done));
    } else {
      notice(say("live_over", { id: round.id }));
      show();
    }
  }, { signal, connected: begin });
  return { content: [...heading(round, element("span", { class: "live" }, say("live"))), chart.card, card(say("steps"), null, stepSlot)] };
}

async function landed(round, settings) {
  const [schedule, prices, pricing, catalogue] = await Promise.all([
    get(`/v1/rounds/${round.id}/schedule`), get("/v1/prices", { round_id: round.id, detail: "hours" }), get(`/v1/rounds/${round.id}/pricing`), readCatalogue(),
  ]);
  const gap = chartCard({ title: say("gap_parts"), note: say("gap_parts_note"), name: `${round.id}-gap`, height: 170, draw: () => gapOption(round), data: () => gapTable(round) });
  return [
    ...heading(round), headline(round),
    element("div", { class: "columns two" }, progressCard(round, round.figures.history, say("progress_note")).card,
      element("div", { class: "stack" }, gap.card, settlementCard(round, pricing))),
    pricesCard(round, { prices, ...catalogue }, settings),
    useCard(round, { schedule, ...catalogue }),
    filesCard(round),
  ];
}

function heading(round, extra = null) {
  const facts = [moment(round.opened_at), `${say("policy")} ${termOr(round.policy.name)}`, `${say("pricing")} ${term(round.pricing)}`, `${number(round.slots)} ${term("unit_hours")}`].join(" · ");
  const map = round.state === "landed" ? element("a", { href: `/?round=${round.id}` }, say("on_map")) : null;
  return [
    element("h1", {}, say("round_title", { id: round.id })),
    element("p", { class: "note" }, stateTag(round.state), " ", facts, " ", map, extra),
  ];
}

const failed = (round) => card(say("failure"), null, element("p", {}, element("code", {}, round.failure ?? "–")));

const headline = (round) => figures([
  { key: "placed", label: say("placed"), value: number(round.placed), note: `/ ${number(round.orders)}` },
  { key: "gap", label: say("gap"), value: percent(round.gap, 3), note: termOr(round.status), kind: "proof" },
  { key: "value", label: say("value"), value: cny(round.value, 0) },
  { key: "bound", label: say("bound"), value: cny(round.bound, 0) },
  { key: "seconds", label: say("seconds"), value: number(round.seconds, 1) },
  { key: "left_out", label: say("left_out"), value: number(round.left_out) },
]);

const progressCard = (round, points, note) =>
  chartCard({ title: say("progress"), note, name: `${round.id}-progress`, height: 330, draw: () => progressOption(points), data: () => progressTable(points) });

function settlementCard(round, { rules }) {
  const columns = ["pricing", "buyers_pay", "providers_earn", "make_whole", "capped"].map((key, at) => ({ label: say(key), word: at === 0 }));
  const rows = rules.map((rule) => [
    element("span", {}, term(rule.pricing), " ", rule.pricing === round.pricing ? element("span", { class: "tag good" }, say("settlement")) : null),
    cny(rule.buyers_pay, 0), cny(rule.providers_earn, 0), cny(rule.make_whole, 0), number(rule.capped_orders),
  ]);
  return card(say("pricing_both"), null, table(say("pricing_both"), columns, rows));
}

function pricesCard(round, shown, settings) {
  const state = { part: PARTS.includes(settings.part) ? settings.part : "congestion" };
  const note = element("span", {}, pricesNote(shown, state.part));
  const choice = select(PARTS.map((part) => [part, say(part)]), state.part, {
    "aria-label": say("part"), onchange: ({ target }) => { state.part = target.value; keep({ part: target.value }); note.textContent = pricesNote(shown, state.part); chart.update(); },
  });
  const chart = chartCard({
    title: say("prices"), note, name: `${round.id}-prices`, height: pricesHeight(shown), tools: [choice],
    draw: () => pricesOption(shown, state.part), data: () => pricesTable(shown, state.part),
  });
  return chart.card;
}

const useCard = (round, shown) =>
  chartCard({
    title: say("use"), note: say("use_note"), name: `${round.id}-use`, height: 90 + 17 * shown.schedule.nodes.length, draw: () => useOption(shown), data: () => useTable(shown),
  }).card;

// A key cannot travel in a link, so the files are named with the command that checks them.
function filesCard(round) {
  if (role() !== "operator") return null;
  const paths = ["problem", "clearing"].map((name) => `/v1/rounds/${round.id}/${name}.npz`);
  const command = `suanli rounds record ${round.id} && suanli verify ${round.id}-problem.npz ${round.id}-clearing.npz`;
  return card(say("files"), say("files_note"), element("pre", { class: "code" }, element("code", {}, `${paths.join("\n")}\n\n${command}`)));
}
