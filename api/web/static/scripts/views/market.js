// The market: where demand comes from, where it runs, at which hour; what that is worth against simpler rules.
import { get } from "../api.js";
import { readMap } from "../china-map.js";
import { element, field, select } from "../elements.js";
import { hear } from "../events.js";
import { moment, number } from "../format.js";
import { nameOf, words } from "../language.js";
import { baselineChoice, classesCard, comparisonCard, flowsCard, headline } from "../market/comparison.js";
import { hourClock } from "../market/clock.js";
import { LAYERS, listedDevices } from "../market/layers.js";
import { mapCard } from "../market/map-card.js";
import { readMarket, readRtt } from "../market/reading.js";
import { runningCard } from "../market/running.js";
import { keep, show } from "../router.js";
import { emptyState, notice } from "../states.js";
import { JOB_CLASSES, classColour, term, termOr } from "../terms.js";
import { MARKET } from "../words/market.js";

const say = words(MARKET);
const narrow = matchMedia("(max-width: 700px)");
const TO_DO = "make demo\nsuanli orders submit day.ndjson\nsuanli rounds clear";

export async function open({ settings, signal }) {
  const [market] = await Promise.all([readMarket(settings.round), readMap()]);
  if (!settings.round) followRounds(market, signal);
  if (!market) {
    return { content: emptyState(say("empty"), say("empty_how"), element("pre", {}, element("code", {}, TO_DO))) };
  }
  const state = await stateOf(settings, market);
  const map = mapCard(market, state, { title: say("map"), note: say("map_note"), name: `${market.round.id}-map`, height: narrow.matches ? 360 : 620 });
  const running = runningCard(market, state);
  const change = (changes) => {
    Object.assign(state, changes);
    map.update();
  };
  const clock = hourClock(market.schedule.hours, state.hour, { moved: (hour) => { map.pass(hour); running.mark(); }, rested: (hour) => { keep({ hour }); map.describe(); } });
  map.card.querySelector(".chart").before(controls(market, state, change), clock.controls);
  return {
    content: [
      ...heading(market, state),
      element("div", { class: "columns wide-left even" }, map.card, element("div", { class: "stack" }, running.card, flowsCard(market))),
      element("div", { class: "columns uneven even" }, comparisonCard(market.round), classesCard(market)),
    ],
    close: clock.stop,
  };
}

// The newest round is shown until a newer one lands.
function followRounds(market, signal) {
  const landed = (id) => {
    if (!id || id === market?.round.id) return;
    notice(say("reload", { round: id }));
    show();
  };
  const missed = async () => landed((await get("/v1/rounds", { state: "landed", limit: 1 }, { signal })).items[0]?.id);
  hear(["round.landed"], ({ data }) => landed(data.resource_id), { signal, missed: () => missed().catch((error) => { if (!signal.aborted) notice(error.message, "bad"); }) });
}

async function stateOf(settings, market) {
  const city = market.regions.has(settings.city) ? settings.city : "shanghai";
  const from = market.regions.has(city) ? city : market.regions.keys().next().value;
  const hour = settings.hour === undefined ? null : Number(settings.hour);
  return {
    layer: LAYERS.includes(settings.layer) ? settings.layer : "use",
    hour: hour !== null && hour >= 0 && hour < market.schedule.hours.length ? hour : null,
    jobClass: JOB_CLASSES.includes(settings.class) ? settings.class : null,
    baseline: Object.hasOwn(market.round.figures.baselines, settings.against) ? settings.against : null,
    device: market.devices.has(settings.device) ? settings.device : listedDevices(market)[0]?.id,
    local: false, zoom: 1, centre: null, narrow: narrow.matches, city: from, rtt: await readRtt(from),
  };
}

function heading(market, state) {
  const { round } = market;
  const slot = element("div", {}, headline(round, state.baseline));
  const choice = baselineChoice(round, state.baseline, (baseline) => {
    keep({ against: baseline });
    slot.replaceChildren(headline(round, baseline));
  });
  const when = say("when", { policy: termOr(round.policy.name), start: moment(round.starts_at), hours: number(round.slots) });
  return [
    element("div", { class: "row heading" },
      element("div", { class: "grow" }, element("h1", {}, say("headline")), element("p", { class: "note" }, when, " · ", element("a", { href: `/rounds/${round.id}` }, say("details")))), field(say("against"), choice)),
    slot,
  ];
}

function controls(market, state, change) {
  const city = field(say("from_city"), select(named(market.regions.values()), state.city, {
    onchange: async ({ target }) => { keep({ city: target.value }); change({ city: target.value, rtt: await readRtt(target.value) }); },
  }));
  const device = field(say("device"), select(named(listedDevices(market)), state.device, {
    onchange: ({ target }) => { keep({ device: target.value }); change({ device: target.value }); },
  }));
  const showWanted = () => { city.hidden = state.layer !== "latency"; device.hidden = state.layer !== "price"; };
  const layer = select(LAYERS.map((name) => [name, say(`layer_${name}`)]), state.layer, {
    onchange: ({ target }) => { keep({ layer: target.value }); change({ layer: target.value }); showWanted(); },
  });
  showWanted();
  return element("div", { class: "row" }, field(say("layer"), layer), city, device, classChoice(market, state, change));
}

function classChoice({ schedule }, state, change) {
  const there = new Set(schedule.flows.map((flow) => flow.job_class));
  const choose = (jobClass) => {
    keep({ class: jobClass });
    change({ jobClass });
    for (const button of chips.querySelectorAll("button")) button.setAttribute("aria-pressed", String((button.value || null) === jobClass));
  };
  const chip = (name, label) => element("button", { type: "button", value: name ?? "", class: name ? `chip ${classColour(name)}` : "chip", "aria-pressed": String(name === state.jobClass), onclick: () => choose(name) }, label);
  const chips = element("div", { class: "chips", role: "group", "aria-label": say("flows_of") }, chip(null, say("all_classes")),
    JOB_CLASSES.filter((name) => there.has(name)).map((name) => chip(name, term(name))));
  return chips;
}

const named = (things) => [...things].map((thing) => [thing.id, nameOf(thing)]).sort((a, b) => a[1].localeCompare(b[1]));
