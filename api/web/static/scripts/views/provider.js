// A provider's room: what it lists and where, how it is used, what was granted, what it earns.
import { get } from "../api.js";
import { chartCard } from "../chart.js";
import { readMap } from "../china-map.js";
import { element, field, figures, select } from "../elements.js";
import { hear } from "../events.js";
import { number, percent, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { redraw } from "../redraw.js";
import { rereading } from "../rereading.js";
import { keep, show } from "../router.js";
import { allocationsCard } from "../provider/allocations.js";
import { listingCard } from "../provider/listing.js";
import { centresOf, centresOption, centresTable } from "../provider/map.js";
import { monthChoice, monthOf, readTransfers, revenueCard, statementCard } from "../provider/money.js";
import { offeringsCard } from "../provider/offerings.js";
import { readAllocations, readCalendars, readProvider } from "../provider/reading.js";
import { offeringName, shareAllocated, useOption, useTable } from "../provider/use.js";
import { role } from "../session.js";
import { emptyState, notice, signInState } from "../states.js";
import { partOf, tabs } from "../tabs.js";
import { term } from "../terms.js";
import { PROVIDER } from "../words/provider.js";

const say = words(PROVIDER);
const PARTS = ["now", "offerings", "money"], HOURS = 48, PAUSE_MS = 1500;

export async function open({ settings, signal }) {
  if (!["provider", "operator"].includes(role())) return { content: signInState(["provider", "operator"]) };
  const shown = await readProvider(settings.provider);
  if (shown.id === null) return { content: emptyState(say("no_providers"), say("no_providers_how")) };
  const part = partOf(settings, PARTS);
  const opened = await { now: openNow, offerings: openOfferings, money: openMoney }[part](shown, settings, signal);
  const heading = [
    element("div", { class: "row" }, element("h1", { class: "grow" }, say("title", { name: providerName(shown) })), providerChoice(shown)),
    tabs(say("parts"), "/provider", PARTS.map((name) => [name, say(`part_${name}`)]), part, ["provider", "month"]),
  ];
  return { content: [...heading, ...opened.content] };
}

const providerName = ({ providers, id }) => {
  const found = providers.find((provider) => provider.id === id);
  return found ? nameOf(found) : id;
};

function providerChoice({ providers, id }) {
  if (role() !== "operator") return null;
  const options = providers.map((provider) => [provider.id, `${nameOf(provider)} · ${provider.id}`]).sort((a, b) => a[1].localeCompare(b[1]));
  return field(say("provider"), select(options, id, { onchange: ({ target }) => { keep({ provider: target.value }); show(); } }));
}

// The present: centres, use of the coming hours, allocations. It follows what is reported and cleared.
async function openNow(shown, settings, signal) {
  const [now] = await Promise.all([readNow(shown), readMap()]);
  const map = chartCard({ title: say("centres"), note: say("centres_note"), name: `${shown.id}-centres`, height: 360, draw: () => centresOption(now.shown, now.calendars), data: () => centresTable(now.shown, now.calendars) });
  const use = useCard(now, settings), head = element("div"), slot = element("div");
  const again = rereading(() => refresh().catch((error) => { if (!signal.aborted) notice(error.message, "bad"); }), PAUSE_MS, signal);
  const draw = () => {
    redraw(head, headline(now));
    redraw(slot, allocationsCard(now.shown, now.allocations, again.now));
  };
  async function refresh() {
    Object.assign(now, await readNow(await readProvider(shown.id)));
    if (signal.aborted) return;
    draw();
    map.update();
    use.update();
  }
  draw();
  hear(["allocation.*", "round.landed", "offering.*", "node.*"], again.soon, { signal, missed: again.soon });
  return { content: [head, element("div", { class: "columns two" }, map.card, use.card), slot] };
}

async function readNow(shown) {
  const [calendars, allocations] = await Promise.all([readCalendars(shown.offerings, HOURS), readAllocations(shown)]);
  return { shown, calendars, allocations };
}

function headline({ shown, calendars, allocations }) {
  const now = Date.now(), open = shown.offerings.filter(({ state }) => state === "open");
  const running = allocations.filter((one) => new Date(one.starts_at) <= now && now < new Date(one.ends_at)).length;
  const centres = centresOf(shown, calendars);
  return figures([
    { key: "offerings", label: say("offerings_open"), value: number(open.length) },
    { key: "centres", label: say("centres"), value: number(centres.length) },
    { key: "power", label: say("listed_power"), value: withUnit(centres.reduce((sum, { kw }) => sum + kw, 0), term("unit_kw")) },
    { key: "share", label: say("allocated_share"), value: percent(shareAllocated(shown, calendars)), note: say("next_hours", { hours: number(HOURS) }) },
    { key: "running", label: say("running_now"), value: number(running) },
    { key: "coming", label: say("coming"), value: number(allocations.length - running) },
  ]);
}

function useCard(now, settings) {
  const { shown, calendars } = now;
  let chosen = calendars.has(settings.offering) ? settings.offering : null;
  const options = [["", say("all_offerings")], ...shown.offerings.filter(({ id }) => calendars.has(id)).map((offering) => [offering.id, `${offeringName(shown, offering)} · ${offering.id}`])];
  const choice = select(options, chosen ?? "", { "aria-label": say("offering"), onchange: ({ target }) => { chosen = target.value || null; keep({ offering: chosen }); chart.update(); } });
  const chart = chartCard({
    title: say("use"), note: say("use_note", { hours: number(HOURS) }), name: `${shown.id}-use`, height: 320, tools: [],
    draw: () => useOption(now.shown, now.calendars, chosen), data: () => useTable(now.shown, now.calendars, chosen),
  });
  chart.card.querySelector(".chart").before(element("div", { class: "row" }, choice));
  return chart;
}

async function openOfferings(shown) {
  return { content: [offeringsCard(shown, show), listingCard(shown, show)] };
}

async function openMoney(shown, settings) {
  const month = monthOf(settings);
  const [transfers, allocations, statements] = await Promise.all([
    readTransfers(shown.id, month), readAllocations(shown), get("/v1/statements", { month, provider_id: role() === "operator" ? shown.id : null }),
  ]);
  return { content: [element("div", { class: "row" }, monthChoice(month)), revenueCard(shown, month, transfers, allocations), statementCard(statements.items[0], month)] };
}
