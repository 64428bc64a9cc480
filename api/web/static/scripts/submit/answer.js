// What the market answers to the order in the form: advice, picture, table, and why not elsewhere.
import { card, element } from "../elements.js";
import { words } from "../language.js";
import { axisOr } from "../placing/axes.js";
import { reasonGroups } from "../placing/reasons.js";
import { keep } from "../router.js";
import { SUBMIT } from "../words/submit.js";
import { adviceOf, answeredWords } from "./advice.js";
import { optionsCard, optionsTable, placesOf } from "./options.js";

const say = words(SUBMIT);

// `apply(field, value)` changes the form. Returns { content, tell, show, advice }.
export function marketAnswer(context, settings, apply) {
  const axes = { x: axisOr(settings.x, "rtt"), y: axisOr(settings.y, "cost") };
  const status = element("p", { class: "status", "aria-live": "polite" });
  const [advice, rows, reasons] = [element("div"), element("div"), element("div")];
  let places = [], order = null;
  const picture = optionsCard(axes, () => ({ places, order }), () => keep(axes));

  function tell(text, asking = false) {
    status.textContent = text;
    status.classList.toggle("asking", asking);
  }
  // `asked` is the order as it would be submitted; `offer` stands below the advice.
  function show(quote, asked, offer) {
    order = asked;
    places = placesOf(quote, order.limit_price, context);
    tell(answeredWords(places));
    advice.replaceChildren(...adviceOf(quote, places, order, context, apply), offer(places) ?? "");
    rows.replaceChildren(places.length ? optionsTable(places, context) : "");
    const groups = reasonGroups(quote.reasons, context);
    reasons.replaceChildren(...(groups.length ? groups : [element("p", { class: "note" }, say("everywhere"))]));
    picture.update();
  }
  const content = [card(say("quote"), null, status, advice), picture.card, card(say("options_table"), say("options_note"), rows), card(say("why_not"), null, reasons)];
  return { content, tell, show, advice };
}
