// The page: who reads, in which language, what the address asks for.
import { get } from "./api.js";
import { drawFrame } from "./frame.js";
import { onLanguage } from "./language.js";
import { show, start } from "./router.js";
import { onSession, resume } from "./session.js";

onLanguage(() => { drawFrame(); show(); });
onSession(() => { drawFrame(); });
drawFrame();
await resume(() => get("/v1/keys/current")).catch(() => null);
drawFrame();
await start();
