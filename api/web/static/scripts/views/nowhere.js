// An address that leads nowhere.
import { element } from "../elements.js";
import { words } from "../language.js";
import { emptyState } from "../states.js";
import { NOWHERE } from "../words/nowhere.js";

const say = words(NOWHERE);

export const open = async () => ({ content: emptyState(say("title"), element("a", { href: "/" }, say("back"))) });
