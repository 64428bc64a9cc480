// The audit: who did what, newest first, as it happens. Its filters are part of the address.
import { get } from "../api.js";
import { element, field } from "../elements.js";
import { hear } from "../events.js";
import { words } from "../language.js";
import { hide, redraw } from "../redraw.js";
import { rereading } from "../rereading.js";
import { keep, search } from "../router.js";
import { problemLine } from "../submit/busy.js";
import { fromInput, toInput } from "../submit/moments.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);
const PAGE = 50, PAUSE_MS = 600;
const RESOURCES = ["order", "allocation", "quote", "round", "offering", "region", "node", "policy", "account", "voucher_pool", "provider", "buyer", "member", "key", "webhook", "exchange"];
const FILTERS = ["kinds", "resource_id", "actor", "organisation", "since", "until"];
const exact = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" });

export async function openAudit(settings, _changed, signal) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, settings[name] ?? null]));
  const slot = element("div"), problem = element("div"), live = element("span", { class: "live" }, say("live"));
  const more = element("button", { type: "button", class: "more", onclick: () => read(lines.at(-1)).catch(failed) }, say("older"));
  let lines = [], cursor = null, turn = 0;

  // What was asked under other filters is let go.
  async function read(after = null) {
    const mine = turn;
    const page = await get("/v1/audit", { ...wanted, limit: PAGE, cursor: after ? cursor : null }, { signal });
    if (mine !== turn) return;
    problem.replaceChildren();
    const known = new Set(lines.map(({ id }) => id));
    const fresh = page.items.filter(({ id }) => !known.has(id));
    if (after) { lines.push(...fresh); cursor = page.next_cursor; draw(new Set()); return; }
    if (lines.length === 0 || fresh.length === PAGE) { lines = page.items; cursor = page.next_cursor; } else lines.unshift(...fresh);
    draw(known.size ? new Set(fresh.map(({ id }) => id)) : new Set());
  }
  function draw(fresh) {
    redraw(slot, lines.length ? auditTable(lines, fresh) : element("p", { class: "note" }, say("audit_none")));
    hide(more, !cursor, slot.querySelector(".scroll"));
  }
  function failed(error) {
    if (signal.aborted) return;
    problem.replaceChildren(problemLine(error));
  }
  function change(changes) {
    Object.assign(wanted, changes);
    keep(changes);
    lines = [];
    turn += 1;
    read().catch((error) => { slot.replaceChildren(); more.hidden = true; failed(error); });
  }
  const { soon } = rereading(() => read().catch(failed), PAUSE_MS, signal);
  hear(["*"], soon, { signal, missed: soon, connected: (on) => { live.hidden = !on; } });
  await read().catch(failed);
  const content = element("section", { class: "card audit" }, element("div", { class: "card-head" }, element("h2", {}, say("audit")), live), element("p", { class: "note" }, say("audit_note")), filters(wanted, change), problem, slot, more);
  return { content: [content] };
}

function filters(wanted, change) {
  const list = element("datalist", { id: "event-kinds" }, RESOURCES.map((name) => element("option", { value: `${name}.*` })));
  const text = (name, extra = {}) => field(say(`a_${name}`), element("input", { type: "text", value: wanted[name] ?? "", onchange: ({ target }) => change({ [name]: target.value.trim() || null }), ...extra }));
  const when = (name) => field(say(`a_${name}`), element("input", { type: "datetime-local", value: toInput(wanted[name]), onchange: ({ target }) => change({ [name]: fromInput(target.value) || null }) }));
  return element("form", { class: "row filters", onsubmit: (event) => event.preventDefault() }, text("kinds", { list: "event-kinds", placeholder: "order.*" }), list, text("resource_id"), text("actor"), text("organisation"), when("since"), when("until"));
}

// Who, with a way to see everything else of the same key, organisation or thing.
function auditTable(lines, fresh) {
  const columns = ["at", "kind", "resource_id", "who", "organisation", "request", "data"].map((key) => element("th", { scope: "col", class: "word" }, say(`a_${key}`)));
  const narrow = (name, value, shown = value) => (value ? element("a", { href: `/operator?${new URLSearchParams({ ...search(), part: "audit", [name]: value })}` }, element("code", {}, shown)) : "–");
  const rows = lines.map((line) => element("tr", { class: fresh.has(line.id) ? "fresh" : null, "data-key": line.id },
    element("th", { scope: "row" }, exact.format(new Date(line.at))), element("td", { class: "word" }, narrow("kinds", line.kind)), element("td", { class: "word" }, narrow("resource_id", line.resource_id)),
    element("td", { class: "word" }, narrow("actor", line.actor, line.member ?? line.actor), line.role ? ` ${say(line.role)}` : ""), element("td", { class: "word" }, narrow("organisation", line.organisation_id)),
    element("td", { class: "word" }, line.request_id ? element("code", {}, line.request_id) : "–"),
    element("td", { class: "word" }, element("details", {}, element("summary", {}, Object.keys(line.data).join(", ") || "–"), element("pre", {}, JSON.stringify(line.data, null, 1))))));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("audit") }, element("table", {}, element("caption", {}, say("audit")), element("thead", {}, element("tr", {}, columns)), element("tbody", {}, rows)));
}
