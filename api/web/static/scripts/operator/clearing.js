// Clearing a round now, and when the next one clears by itself.
import { post } from "../api.js";
import { card, element, field, select } from "../elements.js";
import { moment, number } from "../format.js";
import { words } from "../language.js";
import { go } from "../router.js";
import { once, problemLine } from "../submit/busy.js";
import { term, termOr } from "../terms.js";
import { OPERATOR } from "../words/operator.js";
import { POLICIES } from "../whatif/settings.js";

const say = words(OPERATOR);

export function clearingCard(exchange) {
  const policy = select([["", say("policy_in_force", { name: termOr(exchange.policy) })], ...POLICIES.map((name) => [name, term(name)])], "");
  const pricing = select([["", say("pricing_of_policy")], ["posted", term("posted")], ["marginal", term("marginal")]], "");
  const seconds = element("input", { type: "number", min: 0.1, max: 3600, step: "any", placeholder: say("as_configured") });
  const gap = element("input", { type: "number", min: 0, max: 100, step: "any", placeholder: say("as_configured") });
  const problem = element("div"), button = element("button", { type: "submit", class: "main" }, say("clear_now"));
  const send = () => once(button, async () => {
    problem.replaceChildren();
    const asked = { policy: policy.value || null, pricing: pricing.value || null, seconds_limit: seconds.value === "" ? null : Number(seconds.value), gap: gap.value === "" ? null : Number(gap.value) / 100 };
    const round = await post("/v1/rounds", asked, { headers: { Prefer: "respond-async" } });
    go(`/rounds/${round.id}`);
  }, (error) => problem.replaceChildren(problemLine(error)));
  return card(say("clear"), say("clear_note"), element("form", { onsubmit: (event) => { event.preventDefault(); send(); } },
    element("div", { class: "row" }, field(say("policy"), policy), field(say("pricing"), pricing), field(say("seconds"), seconds), field(say("gap"), gap), button), problem));
}

// Counts down to the next round; `stop` ends the counting.
export function nextRoundCard(exchange) {
  const { next_round_at: at, round_every_seconds: every, newest_round_id: newest } = exchange;
  const shown = element("p", { class: "countdown", role: "timer" });
  const tick = () => {
    const seconds = Math.max(0, Math.round((new Date(at) - Date.now()) / 1000));
    shown.textContent = at ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : every ? say("clearing_or_unknown") : say("no_schedule");
  };
  tick();
  const timer = at ? setInterval(tick, 1000) : null;
  const facts = [every ? say("every", { minutes: number(every / 60, every % 60 ? 1 : 0) }) : say("no_schedule_how"), at ? moment(at) : null].filter(Boolean).join(" · ");
  const link = newest ? element("p", { class: "note" }, element("a", { href: `/rounds/${newest}` }, say("newest_round"))) : null;
  return { card: card(say("next_round"), null, shown, element("p", { class: "note" }, facts), link), stop: () => clearInterval(timer) };
}
