// The page: who reads, in which language, what the address asks for.
import { get } from "./api.js";
import { drawFrame } from "./frame.js";
import { onLanguage, words } from "./language.js";
import { show, start } from "./router.js";
import { onEnded, onSession, resume } from "./session.js";
import { notice } from "./states.js";
import { FRAME } from "./words/frame.js";

const say = words(FRAME);

onLanguage(() => { drawFrame(); show(); });
onSession(() => { drawFrame(); });
// Whoever asked with that key tells of it first; that it is let go stays on the page.
onEnded(() => { show(); setTimeout(() => notice(say("key_ended"), "bad")); });
drawFrame();
await resume(() => get("/v1/keys/current")).catch(() => null);
drawFrame();
await start();
