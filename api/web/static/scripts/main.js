// The page: read the newest round, show it in the reader's language and at the width of the screen.
import { readNewestRound } from "./api.js";
import { narrow } from "./map.js";
import { language, switchLanguage, text, translateFrame } from "./language.js";
import { showEmpty, showError, showLoading } from "./states.js";
import { showRound } from "./round.js";

const view = document.getElementById("view");
let show = showLoading;

function render() {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  document.title = text("title");
  translateFrame();
  view.replaceChildren(...show());
}

async function read() {
  view.setAttribute("aria-busy", "true");
  try {
    const found = await readNewestRound();
    show = found ? () => showRound(found) : showEmpty;
  } catch (error) {
    show = () => showError(error, () => { show = showLoading; render(); read(); });
  }
  view.setAttribute("aria-busy", "false");
  render();
}

document.getElementById("language").addEventListener("click", () => { switchLanguage(); render(); });
narrow.addEventListener("change", render);
render();
read();
