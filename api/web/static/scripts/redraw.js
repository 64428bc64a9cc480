// Drawing a part of a view again without losing the reader's place in it: the focus, what was opened, how far it was scrolled.

// Replaces what is in `slot`. Things are known again by the row they are in and by which of their kind they are there.
export function redraw(slot, ...children) {
  const focus = slot.contains(document.activeElement) && document.activeElement !== slot ? nameOf(slot, document.activeElement) : null;
  const opened = [...slot.querySelectorAll("details[open]")].map((one) => nameOf(slot, one));
  const scrolled = [...slot.querySelectorAll(".scroll")].filter((one) => one.scrollLeft || one.scrollTop).map((one) => [nameOf(slot, one), one.scrollLeft, one.scrollTop]);
  slot.replaceChildren(...children);
  for (const name of opened) find(slot, name)?.setAttribute("open", "");
  for (const [name, left, top] of scrolled) find(slot, name)?.scrollTo(left, top);
  if (focus) (find(slot, focus) ?? slot.querySelector(".scroll"))?.focus({ preventScroll: true });
}

// A button that is hidden passes the focus on.
export function hide(button, hidden, otherwise) {
  const focused = hidden && document.activeElement === button;
  button.hidden = hidden;
  if (focused) otherwise?.focus({ preventScroll: true });
}

const rowOf = (slot, one) => {
  const row = one.closest("tbody tr, li");
  return row && slot.contains(row) ? row : null;
};
// A row says which it is, or begins with the name of what it tells of.
const keyOf = (row) => row.dataset.key ?? row.querySelector("th[scope=row], a[href]")?.textContent ?? "";
const alike = (slot, row, tag) => [...(row ?? slot).querySelectorAll(tag)].filter((one) => rowOf(slot, one) === row);

function nameOf(slot, one) {
  const row = rowOf(slot, one), tag = one.tagName.toLowerCase();
  return { key: row && keyOf(row), tag, at: alike(slot, row, tag).indexOf(one) };
}

function find(slot, { key, tag, at }) {
  if (key === null) return alike(slot, null, tag)[at];
  const row = [...slot.querySelectorAll("tbody tr, li")].find((one) => keyOf(one) === key);
  return row && alike(slot, row, tag)[at];
}
