// Keys: issued, rotated, revoked. A secret is shown once, in a dialog, and kept nowhere.
import { all, post } from "../api.js";
import { askFor, showSecret } from "../dialog.js";
import { element, field, select, table } from "../elements.js";
import { moment } from "../format.js";
import { words } from "../language.js";
import { notice } from "../states.js";
import { fromInput } from "../submit/moments.js";
import { keep } from "../router.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);
const SCOPES = ["*", "read", "orders:write", "offerings:write", "allocations:write", "money:write", "rounds:write", "market:write", "webhooks:write", "access:write"];
const MOST = 1000;
const KIND = { live: "good", expired: "warn", revoked: "bad" };

// `context`: { organisations, members, organisation } with [id, label] pairs.
export async function keysCard(context, settings) {
  const slot = element("div"), ended = element("input", { type: "checkbox", checked: settings.ended === "true", onchange: () => { keep({ ended: ended.checked ? "true" : null }); draw(); } });
  let keys = [];
  async function read() {
    keys = await all("/v1/keys", { organisation_id: context.organisation }, MOST);
    draw();
  }
  function draw() {
    const shown = keys.filter(({ state }) => ended.checked || state === "live").reverse();
    slot.replaceChildren(shown.length ? keyTable(shown, read) : element("p", { class: "note" }, say("no_keys")));
  }
  await read();
  const issue = element("button", { type: "button", class: "main", onclick: () => issueKey(context, read) }, say("issue_key"));
  return element("section", { class: "card" }, element("div", { class: "card-head" }, element("h2", {}, say("keys")), issue), element("p", { class: "note" }, say("keys_note")),
    element("label", { class: "tick" }, ended, say("show_ended")), slot);
}

function keyTable(keys, changed) {
  const columns = ["key_name", "prefix", "role_column", "organisation", "scopes", "state", "last_used", "expires", "action"].map((key) => ({ label: say(key), word: true }));
  const rows = keys.map((key) => [
    element("span", { title: key.id }, key.name), element("code", {}, key.prefix || "–"), say(key.role), key.organisation_id ?? "–", element("code", { class: "wraps" }, key.scopes.join(" ")),
    element("span", { class: `tag ${KIND[key.state] ?? "soft"}` }, say(`key_${key.state}`)), key.last_used_at ? moment(key.last_used_at) : say("never"), key.expires_at ? moment(key.expires_at) : say("no_end"),
    key.state === "live" ? actions(key, changed) : "–",
  ]);
  return table(say("keys"), columns, rows);
}

function actions(key, changed) {
  const path = `/v1/keys/${encodeURIComponent(key.id)}`;
  const rotate = () => askFor({
    title: say("rotate_of", { name: key.name }), note: say("rotate_note"), submit: say("rotate"),
    fields: [{ name: "overlap_minutes", label: say("overlap"), control: element("input", { type: "number", min: 0, max: 10080, value: 60, required: true }), hint: say("overlap_hint") }],
    act: async ({ overlap_minutes: minutes }) => { const { secret } = await post(`${path}/rotate`, { overlap_minutes: Number(minutes) }); changed(); showSecret(say("secret_of", { name: key.name }), secret); },
  });
  const revoke = () => askFor({
    title: say("revoke_of", { name: key.name }), note: say("revoke_note"), submit: say("revoke"),
    act: async () => { await post(`${path}/revoke`); notice(say("revoked", { name: key.name })); changed(); },
  });
  const button = (word, act, kind) => element("button", { type: "button", class: kind, "aria-label": `${say(word)}: ${key.name}`, onclick: act }, say(word));
  return element("div", { class: "buttons" }, button("rotate", rotate, null), button("revoke", revoke, "danger"));
}

function issueKey({ organisations, members, organisation }, changed) {
  const ticks = SCOPES.map((scope) => element("input", { type: "checkbox", value: scope, checked: scope === "*" }));
  const scopes = element("fieldset", {}, element("legend", {}, say("scopes")), element("div", { class: "ticks" }, ticks.map((tick) => element("label", { class: "tick" }, tick, tick.value === "*" ? say("all_scopes") : element("code", {}, tick.value)))));
  askFor({
    title: say("issue_key"), note: say("issue_note"), submit: say("issue_key"),
    fields: [
      { name: "name", label: say("key_name"), control: element("input", { type: "text", required: true, maxlength: 100 }), hint: say("key_name_hint") },
      { name: "organisation_id", label: say("organisation"), control: select([["", say("operators_own")], ...organisations], organisation ?? "") },
      { name: "member_id", label: say("member"), control: select([["", say("a_service")], ...members.filter(({ state }) => state === "active").map((one) => [one.id, `${one.name} · ${one.organisation_id ?? say("operators_own")}`])], "") },
      { name: "scopes", control: scopes, read: () => ticks.filter(({ checked }) => checked).map(({ value }) => value) },
      { name: "expires_at", label: say("expires"), control: element("input", { type: "datetime-local" }), hint: say("expires_hint") },
    ],
    act: async (values) => {
      const made = await post("/v1/keys", { ...values, organisation_id: values.organisation_id || null, member_id: values.member_id || null, expires_at: fromInput(values.expires_at) || null });
      changed();
      showSecret(say("secret_of", { name: made.name }), made.secret);
    },
  });
}
