// Computing centres: which are up, and marking one down or up again.
import { all, get, post } from "../api.js";
import { askFor } from "../dialog.js";
import { card, element, table } from "../elements.js";
import { number, withUnit } from "../format.js";
import { nameOf, words } from "../language.js";
import { notice } from "../states.js";
import { sideTag, stateTag, term } from "../terms.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);

export async function nodesCard(regions, changed) {
  const nodes = (await all("/v1/nodes")).sort((a, b) => (a.state < b.state ? -1 : a.state > b.state ? 1 : nameOf(a).localeCompare(nameOf(b))));
  const columns = [["node", true], ["region", true], ["state", true], ["pue", false], ["power_cap", false], ["action", true]].map(([key, word]) => ({ label: say(key), word }));
  const rows = nodes.map((node) => {
    const region = regions.get(node.region_id), to = node.state === "down" ? "up" : "down";
    const button = element("button", { type: "button", class: to === "down" ? "danger" : null, "aria-label": `${say(`mark_${to}`)}: ${nameOf(node)}`, onclick: () => ask(node, to, changed) }, say(`mark_${to}`));
    return [nameOf(node), element("span", {}, nameOf(region), " ", sideTag(region.side)), stateTag(node.state), number(node.pue, 2), withUnit(node.power_cap_kw, term("unit_kw")), element("div", { class: "buttons" }, button)];
  });
  const down = nodes.filter(({ state }) => state === "down").length;
  return card(say("nodes"), say("nodes_note", { down: number(down), all: number(nodes.length) }), element("div", { class: "nodes-down" }, table(say("nodes"), columns, rows)));
}

async function ask(shown, to, changed) {
  try {
    const path = `/v1/nodes/${encodeURIComponent(shown.id)}`, node = await get(path);
    askFor({
      title: say(`ask_${to}`, { name: nameOf(node) }), note: say(`${to}_note`), submit: say(`mark_${to}`),
      act: async () => {
        await post(`${path}/${to}`, undefined, { headers: { "If-Match": node.etag } });
        notice(say(`is_${to}`, { name: nameOf(node) }));
        changed();
      },
    });
  } catch (error) {
    notice(error.message, "bad");
  }
}
