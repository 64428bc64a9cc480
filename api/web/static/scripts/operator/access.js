// Who may do what: keys and members, of everybody or of one organisation.
import { all } from "../api.js";
import { element, field, select } from "../elements.js";
import { nameOf, words } from "../language.js";
import { keep, show } from "../router.js";
import { OPERATOR } from "../words/operator.js";
import { keysCard } from "./keys.js";
import { membersCard } from "./members.js";

const say = words(OPERATOR);

export async function openAccess(settings) {
  const organisation = settings.organisation || null;
  const [providers, buyers, members] = await Promise.all([all("/v1/providers"), all("/v1/buyers"), all("/v1/members", { organisation_id: organisation })]);
  const organisations = [...providers, ...buyers].map((one) => [one.id, `${nameOf(one)} · ${one.id}`]).sort((a, b) => a[1].localeCompare(b[1]));
  const context = { organisations, members, organisation };
  const choice = select([["", say("everybody")], ...organisations], organisation ?? "", { onchange: ({ target }) => { keep({ organisation: target.value || null }); show(); } });
  return { content: [element("div", { class: "row" }, field(say("organisation"), choice)), await keysCard(context, settings), membersCard(context, show)] };
}
