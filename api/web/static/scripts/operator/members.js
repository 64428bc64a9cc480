// Members: the people of organisations, and the operator's staff.
import { get, patch, post } from "../api.js";
import { askFor } from "../dialog.js";
import { element, select, table } from "../elements.js";
import { moment } from "../format.js";
import { words } from "../language.js";
import { notice } from "../states.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);
const ROLES = ["owner", "editor", "viewer"];
const roleChoice = (chosen) => select(ROLES.map((role) => [role, say(`member_${role}`)]), chosen);

export function membersCard({ organisations, members, organisation }, changed) {
  const columns = ["member", "email", "organisation", "role_column", "state", "since", "action"].map((key) => ({ label: say(key), word: true }));
  const rows = members.map((one) => [
    one.name, one.email, one.organisation_id ?? say("operators_own"), say(`member_${one.role}`), element("span", { class: `tag ${one.state === "active" ? "good" : "soft"}` }, say(`member_${one.state}`)), moment(one.created_at),
    one.state === "active" ? actions(one, changed) : "–",
  ]);
  const add = () => askFor({
    title: say("add_member"), note: say("add_member_note"), submit: say("add_member"),
    fields: [
      { name: "name", label: say("member"), control: element("input", { type: "text", required: true, maxlength: 100 }) }, { name: "email", label: say("email"), control: element("input", { type: "email", required: true }) },
      { name: "role", label: say("role_column"), control: roleChoice("editor"), hint: say("member_role_hint") },
      { name: "organisation_id", label: say("organisation"), control: select([["", say("operators_own")], ...organisations], organisation ?? "") },
    ],
    act: async (values) => { const { name } = await post("/v1/members", { ...values, organisation_id: values.organisation_id || null }); notice(say("member_added", { name })); changed(); },
  });
  return element("section", { class: "card" }, element("div", { class: "card-head" }, element("h2", {}, say("members")), element("button", { type: "button", onclick: add }, say("add_member"))),
    element("p", { class: "note" }, say("members_note")), rows.length ? table(say("members"), columns, rows) : element("p", { class: "note" }, say("no_members")));
}

function actions(member, changed) {
  const path = `/v1/members/${encodeURIComponent(member.id)}`;
  const change = async () => {
    const now = await get(path);
    askFor({
      title: say("change_of", { name: now.name }), submit: say("change"), fields: [{ name: "role", label: say("role_column"), control: roleChoice(now.role), hint: say("member_role_hint") }],
      act: async (values) => { await patch(path, values, { headers: { "If-Match": now.etag } }); notice(say("member_changed", { name: now.name })); changed(); },
    });
  };
  const remove = () => askFor({
    title: say("remove_of", { name: member.name }), note: say("remove_member_note"), submit: say("remove"),
    act: async () => { await post(`${path}/remove`); notice(say("member_removed_now", { name: member.name })); changed(); },
  });
  return element("div", { class: "buttons" },
    element("button", { type: "button", "aria-label": `${say("change")}: ${member.name}`, onclick: () => change().catch((error) => notice(error.message, "bad")) }, say("change")),
    element("button", { type: "button", class: "danger", "aria-label": `${say("remove")}: ${member.name}`, onclick: remove }, say("remove")));
}
