// What if: the same book in two other markets, beside each other. The settings are the address.
import { get } from "../api.js";
import { readCatalogue } from "../catalogue-data.js";
import { closeCharts } from "../chart.js";
import { readMap } from "../china-map.js";
import { card, element, field, select } from "../elements.js";
import { moment, number } from "../format.js";
import { words } from "../language.js";
import { whenOver } from "../life.js";
import { keep, show } from "../router.js";
import { role } from "../session.js";
import { notice, signInState } from "../states.js";
import { problemLine } from "../submit/busy.js";
import { askWhatIf } from "../whatif/asking.js";
import { scenarioForm } from "../whatif/controls.js";
import { figuresCard } from "../whatif/figures.js";
import { twinMaps } from "../whatif/maps.js";
import { fromAddress, isAsIs, requestOf, toAddress } from "../whatif/settings.js";
import { sweeping } from "../whatif/sweeping.js";
import { waitingBar } from "../whatif/waiting.js";
import { WHATIF } from "../words/whatif.js";

const say = words(WHATIF);
const OPEN_BOOK = "open", SECONDS = ["2", "5", "10", "30"], GAP = 0.005;
const PRESETS = { p_carbon: { carbon: 2 }, p_energy: { energy: 3 }, p_near: { rtt: 10 }, p_west: { grow: { west: 2 } }, p_east: { grow: { east: 0.5 } }, p_demand: { demand: 1.5 } };
const HELD = ["held_orders", "held_catalogue", "held_growth", "held_value", "held_nothing"];

export async function open({ settings, signal }) {
  if (role() !== "operator") return { content: signInState(["operator"]) };
  const [catalogue, { items: rounds }, policy, { items: presets }] = await Promise.all([readCatalogue(), get("/v1/rounds", { state: "landed", limit: 20 }), get("/v1/policy"), get("/v1/policy/presets"), readMap()]);
  const round = settings.round === OPEN_BOOK ? null : rounds.find(({ id }) => id === settings.round) ?? (settings.round ? await get(`/v1/rounds/${encodeURIComponent(settings.round)}`) : rounds.find(({ placed }) => placed > 0) ?? rounds[0] ?? null);
  const context = { ...catalogue, own: round?.policy ?? policy, presets };
  const forms = Object.fromEntries(["a", "b"].map((side) => [side, scenarioForm(side, fromAddress(settings, side, catalogue), context, (scenario) => keep(toAddress(scenario, side)))]));
  const run = running(round, catalogue, forms, settings);
  whenOver(signal, run.stop);
  const sweep = sweeping(round?.id ?? null, settings, (point) => loadPoint(point, forms.b));
  whenOver(signal, sweep.stop);
  return {
    content: [
      element("h1", {}, say("title")), element("p", { class: "note" }, say("note")),
      element("section", { class: "card" },
        element("div", { class: "row book" }, bookChoice(rounds, round), examples(forms.b), run.controls),
        element("div", { class: "columns two scenarios" }, forms.a.form, forms.b.form)),
      run.slot, sweep.content,
      card(say("held"), null, element("ul", { class: "held" }, HELD.map((key) => element("li", {}, say(key))))),
    ],
  };
}

function bookChoice(rounds, round) {
  const known = round && !rounds.some(({ id }) => id === round.id) ? [round, ...rounds] : rounds;
  const options = [...known.map(({ id, opened_at: at, orders }) => [id, say("book_of", { at: moment(at), orders: number(orders) })]), [OPEN_BOOK, say("book_open")]];
  return field(say("book"), select(options, round?.id ?? OPEN_BOOK, { onchange: ({ target }) => { keep({ round: target.value }); show(); } }));
}

const examples = (form) =>
  element("div", { class: "chips", role: "group", "aria-label": say("presets") }, Object.entries(PRESETS).map(([key, changes]) =>
    element("button", { type: "button", onclick: () => form.take(changes) }, say(key))));

// A point of the front as scenario B, at its prices.
function loadPoint(point, form) {
  form.take({ carbon: Number(point.carbon_price_per_kg), energy: 0, ms_price: Number(point.latency_price_per_ms_unit_hour) });
  notice(say("loaded"));
  form.form.scrollIntoView({ block: "nearest" });
  form.form.querySelector("select").focus({ preventScroll: true });
}

function running(round, catalogue, forms, settings) {
  const slot = element("div", { "aria-live": "polite" });
  const seconds = select(SECONDS.map((count) => [count, `${count} s`]), SECONDS.includes(settings.seconds) ? settings.seconds : "5", { onchange: ({ target }) => keep({ seconds: target.value }) });
  const button = element("button", { type: "submit", class: "main" }, say("run"));
  let asked = null, maps = null, wait = null;

  async function run() {
    const scenarios = Object.fromEntries(Object.entries(forms).map(([side, form]) => [side, form.scenario()]));
    const different = Object.entries(scenarios).filter(([, scenario]) => !isAsIs(scenario));
    if (different.length === 0) return slot.replaceChildren(element("p", { class: "verdict warn" }, say("nothing_set")));
    const mine = (asked = new AbortController());
    wait = waitingBar(Number(seconds.value), stop);
    button.disabled = true;
    maps?.stop();
    slot.replaceChildren(wait.bar);
    closeCharts();
    try {
      const body = { round_id: round?.id ?? null, scenarios: different.map(([side, scenario]) => requestOf(scenario, side, catalogue.regions)), seconds_limit: Number(seconds.value), gap: GAP };
      const [asIs, ...found] = (await askWhatIf("/v1/scenarios", body, mine.signal, wait.told)).items;
      const outcomes = Object.fromEntries(["a", "b"].map((side) => [side, found.find(({ name }) => name === side) ?? asIs]));
      draw(outcomes, asIs, scenarios);
    } catch (error) {
      slot.replaceChildren(...(error.name === "AbortError" ? [element("p", { class: "note" }, say("given_up"))] : [problemLine(error)]));
    } finally {
      wait.stop();
      button.disabled = false;
    }
  }
  function draw(outcomes, asIs, scenarios) {
    maps = twinMaps(catalogue, Object.entries(outcomes).map(([side, outcome]) => ({ side, outcome, down: scenarios[side].down })), settings);
    slot.replaceChildren(figuresCard(outcomes.a, outcomes.b, asIs), maps.content);
  }
  function stop() {
    asked?.abort();
    wait?.stop();
    maps?.stop();
  }
  return { slot, stop, controls: element("form", { class: "row run", onsubmit: (event) => { event.preventDefault(); run(); } }, field(say("seconds_each"), seconds), button) };
}
