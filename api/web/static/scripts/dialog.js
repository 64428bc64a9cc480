// Asking before something is done: a dialog with fields, which stays until it is done or given up.
import { element, field, freshId } from "./elements.js";
import { words } from "./language.js";
import { notice } from "./states.js";
import { once, problemLine } from "./submit/busy.js";
import { ASKING } from "./words/asking.js";

const say = words(ASKING);

// fields: [{ name, label, control, hint, read }]. `act(values)` does it; where it is refused the dialog tells why and stays.
export function askFor({ title, note = null, fields = [], submit, act }) {
  const { dialog, head } = openDialog(title, note);
  const problem = element("div");
  const wrongs = new Map();
  const button = element("button", { type: "submit", class: "main" }, submit);
  const boxes = fields.map((one) => {
    const wrong = element("small", { class: "wrong", id: freshId("wrong"), hidden: true });
    wrongs.set(one.name, { wrong, control: one.control });
    return element("div", {}, one.label ? field(one.label, one.control, one.hint) : one.control, wrong);
  });
  const values = () => Object.fromEntries(fields.map((one) => [one.name, one.read ? one.read() : valueOf(one.control)]));
  const failed = (error) => problem.replaceChildren(...showRefusal(error, wrongs));
  const send = () => once(button, async () => { problem.replaceChildren(); await act(values()); dialog.close(); }, failed);
  const form = element("form", { onsubmit: (event) => { event.preventDefault(); send(); } }, ...head, ...boxes, problem,
    element("div", { class: "row actions" }, button, element("button", { type: "button", onclick: () => dialog.close() }, say("cancel"))));
  dialog.append(form);
  show(dialog);
}

// A secret that the exchange gives out once: shown, copied, gone.
export function showSecret(title, secret, note = say("shown_once")) {
  const { dialog, head } = openDialog(title, note);
  const copy = async () => {
    await navigator.clipboard.writeText(secret);
    notice(say("copied"));
  };
  dialog.append(...head, element("pre", { class: "code secret" }, element("code", {}, secret)),
    element("div", { class: "row actions" }, element("button", { type: "button", class: "main", onclick: () => copy().catch(() => notice(say("not_copied"), "bad")) }, say("copy")),
      element("button", { type: "button", onclick: () => dialog.close() }, say("kept"))));
  show(dialog);
}

function openDialog(title, note) {
  const id = freshId("dialog");
  const head = [element("h2", { id }, title), note ? element("p", { class: "note" }, note) : null].filter(Boolean);
  return { dialog: element("dialog", { "aria-labelledby": id }), head };
}

function show(dialog) {
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
}

const valueOf = (control) => (control.type === "checkbox" ? control.checked : control.value.trim());

// What is wrong with a field beside it; the rest as a line.
function showRefusal(error, wrongs) {
  for (const { wrong, control } of wrongs.values()) { wrong.hidden = true; control.removeAttribute("aria-invalid"); }
  for (const { loc, msg } of error.body?.errors ?? []) {
    const found = wrongs.get([...loc].reverse().find((part) => wrongs.has(part)));
    if (!found) continue;
    Object.assign(found.wrong, { textContent: msg, hidden: false });
    found.control.setAttribute("aria-invalid", "true");
    found.control.setAttribute("aria-errormessage", found.wrong.id);
  }
  return [problemLine(error)];
}
