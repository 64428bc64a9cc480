// A button works once at a time, and what goes wrong is told where it was pressed.
import { element } from "../elements.js";

// `failed(error)` tells of a refusal; without it the error goes on.
export async function once(button, act, failed) {
  if (button.disabled) return;
  button.disabled = true;
  try {
    await act();
  } catch (error) {
    failed(error);
  } finally {
    button.disabled = false;
  }
}

// A problem of the API in words, with the page of its code.
export const problemLine = (error, text = error.message) =>
  element("p", { class: "verdict bad", role: "alert" }, text, " ", error.body ? element("a", { href: `/problems/${error.code}`, target: "_blank", rel: "noopener" }, error.code) : null);
