// Signing in: by key, or on a demonstrating exchange by a key it gives out.
import { get, post } from "../api.js";
import { card, element, field } from "../elements.js";
import { words } from "../language.js";
import { go, search, show } from "../router.js";
import { role, signIn } from "../session.js";
import { notice } from "../states.js";
import { SIGNIN } from "../words/signin.js";

const say = words(SIGNIN);
const HOME = { buyer: "/orders", provider: "/provider", operator: "/operator" };

// To where the reader was asked for a key, else to the room of the key's holder.
function goOn() {
  const { to } = search();
  const wanted = to ? new URL(to, location.origin) : null;
  if (wanted?.origin !== location.origin) return go(HOME[role()] ?? "/");
  const { lang, ...settings } = Object.fromEntries(wanted.searchParams);
  return go(wanted.pathname, settings);
}

async function enter(key) {
  try {
    await signIn(key, () => get("/v1/keys/current"));
    notice(say("signed_in", { who: say(role()) }));
    goOn();
  } catch (error) {
    notice(error.message, "bad");
  }
}

async function enterDemo(as) {
  try {
    await enter((await post("/v1/demo-sessions", { role: as })).api_key);
  } catch (error) {
    notice(error.message, "bad");
    show();
  }
}

export async function open() {
  const { demo_sessions: demo } = await get("/v1/exchange");
  const key = element("input", { type: "password", name: "key", autocomplete: "off", spellcheck: "false", required: true, size: 48 });
  const form = element("form", { onsubmit: (event) => { event.preventDefault(); enter(key.value.trim()); } },
    field(say("key"), key, say("hint")), element("p", {}, element("button", { class: "main", type: "submit" }, say("enter"))));
  const content = [element("h1", {}, say("title")), card(null, say("note"), form)];
  if (demo) {
    content.push(card(say("demo"), say("demo_note"), element("div", { class: "row" },
      ["buyer", "provider", "operator"].map((as) => element("button", { type: "button", onclick: () => enterDemo(as) }, say(`as_${as}`))))));
  }
  return { content };
}
