// The quote that this tab holds, kept until it is used, let go or over: it outlives a reload, a change of language and other views.
import { whoami } from "../session.js";

const KEY = "suanli.held";
const holder = () => whoami().organisation_id;

// { held, order, values }: the quote, the order it is for, and the form it was asked from.
export const keepHeld = (quote) => sessionStorage.setItem(KEY, JSON.stringify({ ...quote, holder: holder() }));
export const forgetHeld = () => sessionStorage.removeItem(KEY);

// Null where there is none of this organisation's.
export function keptHeld() {
  const kept = JSON.parse(sessionStorage.getItem(KEY));
  return kept?.holder === holder() ? kept : null;
}
