// Webhooks: who is told of what, and what waits to be told.
import { all, get, patch, post } from "../api.js";
import { askFor, showSecret } from "../dialog.js";
import { element, select, table } from "../elements.js";
import { moment, number } from "../format.js";
import { nameOf, words } from "../language.js";
import { notice } from "../states.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);
const PAGE = 1000;
const KIND = { active: "good", paused: "warn", disabled: "bad", removed: "soft" };

export async function openWebhooks(_settings, changed) {
  const [webhooks, providers, buyers] = await Promise.all([all("/v1/webhooks"), all("/v1/providers"), all("/v1/buyers")]);
  const waiting = await Promise.all(webhooks.map(({ id }) => Promise.all(["pending", "given_up"].map((state) => backlog(id, state)))));
  const columns = ["url", "kinds", "organisation", "state", "pending", "given_up", "failing_since", "action"].map((key) => ({ label: say(key), word: !["pending", "given_up"].includes(key) }));
  const rows = webhooks.map((hook, at) => [
    element("span", { title: hook.id }, hook.url), element("code", {}, hook.kinds.join(" ")), hook.organisation_id ?? say("operators_own"),
    element("span", { class: `tag ${KIND[hook.state] ?? "soft"}` }, say(`hook_${hook.state}`)), waiting[at][0], waiting[at][1], hook.failing_since ? moment(hook.failing_since) : "–", actions(hook, changed),
  ]);
  const organisations = [...providers, ...buyers].map((one) => [one.id, `${nameOf(one)} · ${one.id}`]);
  const add = element("button", { type: "button", class: "main", onclick: () => create(organisations, changed) }, say("create_webhook"));
  return {
    content: [element("section", { class: "card" }, element("div", { class: "card-head" }, element("h2", {}, say("webhooks")), add), element("p", { class: "note" }, say("webhooks_note")),
      rows.length ? table(say("webhooks"), columns, rows) : element("p", { class: "note" }, say("no_webhooks")))],
  };
}

async function backlog(id, state) {
  const page = await get(`/v1/webhooks/${encodeURIComponent(id)}/deliveries`, { state, limit: PAGE });
  return `${number(page.items.length)}${page.next_cursor ? "+" : ""}`;
}

function actions(hook, changed) {
  const path = `/v1/webhooks/${encodeURIComponent(hook.id)}`;
  const act = (work, told) => async () => { try { await work(); notice(say(told)); changed(); } catch (error) { notice(error.message, "bad"); } };
  const turn = (state) => act(async () => { const now = await get(path); await patch(path, { state }, { headers: { "If-Match": now.etag } }); }, state === "paused" ? "hook_is_paused" : "hook_is_active");
  const rotate = () => askFor({ title: say("rotate_hook"), note: say("rotate_hook_note"), submit: say("rotate"), act: async () => { const { secret } = await post(`${path}/rotate-secret`); showSecret(say("secret_of", { name: hook.url }), secret); } });
  const remove = () => askFor({ title: say("remove_of", { name: hook.url }), note: say("remove_hook_note"), submit: say("remove"), act: async () => { await post(`${path}/remove`); notice(say("hook_is_removed")); changed(); } });
  const button = (word, press, kind = null) => element("button", { type: "button", class: kind, "aria-label": `${say(word)}: ${hook.url}`, onclick: press }, say(word));
  return element("div", { class: "buttons" },
    hook.state === "active" ? button("pause", turn("paused")) : button("activate", turn("active")),
    hook.state === "active" ? button("test", act(() => post(`${path}/test`), "hook_is_tested")) : null, button("rotate", rotate), button("remove", remove, "danger"));
}

function create(organisations, changed) {
  askFor({
    title: say("create_webhook"), note: say("create_webhook_note"), submit: say("create_webhook"),
    fields: [
      { name: "url", label: say("url"), control: element("input", { type: "url", required: true, placeholder: "https://" }) },
      { name: "kinds", label: say("kinds"), control: element("input", { type: "text", required: true, value: "order.*, round.*" }), hint: say("kinds_hint") },
      { name: "organisation_id", label: say("organisation"), control: select([["", say("operators_own")], ...organisations], "") },
      { name: "description", label: say("description"), control: element("input", { type: "text", maxlength: 200 }) },
    ],
    act: async ({ url, kinds, organisation_id: whose, description }) => {
      const made = await post("/v1/webhooks", { url, kinds: kinds.split(/[\s,]+/).filter(Boolean), organisation_id: whose || null, description });
      changed();
      showSecret(say("secret_of", { name: made.url }), made.secret);
    },
  });
}
