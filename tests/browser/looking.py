"""Looking at the page as a strict reader: whoever it asks and whatever it complains of is written down."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page

Scheme = Literal["light", "dark"]
LANGUAGES = {"zh": "zh-CN", "en": "en"}
STILL = {"reduced_motion": "reduce"}
"""What moves is drawn sixty times a second: only whoever asks for it is shown the movement."""
MOVING = {"reduced_motion": "no-preference"}
SETTLED = """() => {
  const view = document.getElementById("view");
  const drawn = [...document.querySelectorAll(".chart")].every((slot) => slot.hidden || slot.dataset.drawn === "true");
  return view && view.getAttribute("aria-busy") === "false" && !document.querySelector("[aria-busy=true], .asking") && drawn;
}"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Watch:
    """What a page did beside what it shows."""

    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Write down from now on."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(f"{said.text} ({said.location.get('url', '')})")

    def require_clean(self, host: str) -> None:
        """No complaint, and nobody asked but the exchange."""
        assert not self.complaints, self.complaints
        foreign = [url for url in self.asked if urlsplit(url).scheme not in {"data", "blob"}]
        elsewhere = [url for url in foreign if urlsplit(url).netloc != host]
        assert not elsewhere, elsewhere


@contextmanager
def opened(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    key: str | None = None,
    **context_options: Any,
) -> Iterator[Page]:
    """A page that has settled, for the holder of a key; it may not log an error, nor ask anyone but the exchange."""
    with looking(browser, url, width=width, scheme=scheme, key=key, **context_options) as (page, watch):
        page.goto(url)
        settle(page)
        yield page
        watch.require_clean(urlsplit(url).netloc)


@contextmanager
def looking(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    key: str | None = None,
    **context_options: Any,
) -> Iterator[tuple[Page, Watch]]:
    """A page that was not opened yet, and the watch on it."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale="en-GB",
        **(STILL | context_options),
    )
    context.set_default_timeout(30_000)
    if key is not None:
        context.add_init_script(
            f"if (!sessionStorage.getItem('suanli.key')) sessionStorage.setItem('suanli.key', {key!r})"
        )
    page, watch = context.new_page(), Watch()
    watch.attach(page)
    try:
        yield page, watch
    finally:
        context.close()


def settle(page: Page) -> None:
    """Wait until the view is there, nothing is busy and every chart that is seen is drawn."""
    page.wait_for_function(SETTLED)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate(OVERFLOW))
