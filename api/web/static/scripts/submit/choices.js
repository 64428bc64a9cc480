// A list to tick from that folds away: none ticked means any.
import { element } from "../elements.js";
import { words } from "../language.js";
import { SUBMIT } from "../words/submit.js";

const say = words(SUBMIT);

// options: [{ value, label, group }], in the sequence shown; `chosen` in the sequence ticked.
export function tickList(label, options, chosen, changed, hint = null, none = say("any")) {
  let ticked = [...chosen];
  const labels = new Map(options.map((option) => [option.value, option.label]));
  const told = element("span", { class: "told" });
  const tell = () => { told.textContent = ticked.length ? ticked.map((value) => labels.get(value) ?? value).join(say("comma")) : none; };
  const tick = (value, on) => {
    ticked = on ? [...ticked, value] : ticked.filter((one) => one !== value);
    tell();
    changed(ticked);
  };
  const box = ({ value, label: text }) => element("label", { class: "tick" }, element("input", { type: "checkbox", value, checked: ticked.includes(value), onchange: ({ target }) => tick(value, target.checked) }), text);
  const groups = [...new Set(options.map((option) => option.group ?? ""))];
  const lists = groups.map((group) => {
    const boxes = options.filter((option) => (option.group ?? "") === group).map(box);
    return element("div", { class: "ticks", role: "group", "aria-label": group || label }, group ? element("strong", {}, group) : null, boxes);
  });
  tell();
  return element("details", { class: "tick-list" }, element("summary", {}, element("span", { class: "label" }, label), told), hint ? element("p", { class: "note" }, hint) : null, lists);
}
