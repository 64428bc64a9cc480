"""Screenshots of every view for the documentation: `make screenshots`.

Without a database the shipped day is submitted and cleared first, which takes minutes; `ARGS="--database FILE --key KEY"`
shows a day that landed already. That file is copied, not changed. The documentation's pictures are all of one round, so
only some views are saved elsewhere (`--out`).
"""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from chromium import MISSING, find_chromium, launched
from looking import Scheme, looking, settle
from playwright.sync_api import Browser
from shown_site import Site, copy_of, prepare_day, serving
from shown_views import VIEWS, View, address_of
from shown_webhooks import HOST, webhooks_told

from api.demo.day import SHIPPED_ORDERS, SHIPPED_SEED

DOCUMENTED = Path("docs/images")
WIDTH, HEIGHT = 1280, 1160
LARGEST_BYTES = 400_000
SHOWN_FIRST = "market"


def main() -> None:
    """Serve, look, save."""
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, default=DOCUMENTED)
    asked.add_argument("--database", type=Path, help="a SQLite file with a landed round; not changed")
    asked.add_argument("--key", help="its operator's key, or a file that holds it")
    asked.add_argument("--view", action="append", help="only this view; may be given several times")
    given = asked.parse_args()
    chromium = find_chromium()
    if chromium is None:
        asked.error(MISSING)
    if given.database and not given.key:
        asked.error("--database needs --key")
    if given.view and given.out.resolve() == DOCUMENTED.resolve():
        asked.error("--view needs --out elsewhere: the documentation's pictures are all of one round")
    wanted = [view for view in VIEWS if not given.view or view.name in given.view]
    given.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as made:
        url, key = _day(given.database, given.key, Path(made) / "market.db")
        with (
            serving(url, key, webhook_hosts=(HOST,)) as site,
            webhooks_told(site),
            launched(chromium) as browser,
        ):
            for view in wanted:
                schemes: list[tuple[str, Scheme]] = [("zh", "light"), ("en", "light")]
                if view.name == SHOWN_FIRST:
                    schemes.append(("zh", "dark"))
                for language, scheme in schemes:
                    _save(browser, site, view, language, scheme, given.out)


def _day(database: Path | None, key: str | None, path: Path) -> tuple[str, str]:
    if database is None or key is None:
        url = f"sqlite:///{path}"
        return url, prepare_day(url, SHIPPED_ORDERS, SHIPPED_SEED)
    return copy_of(database, path), Path(key).read_text().strip() if Path(key).is_file() else key


def _save(browser: Browser, site: Site, view: View, language: str, scheme: Scheme, out: Path) -> None:
    """What fits a window; a file that is too large for a repository ends the program."""
    path = out / f"{view.name}-{language}{'-dark' if scheme == 'dark' else ''}.png"
    url = address_of(view, site, lang=language)
    with looking(
        browser, url, width=WIDTH, scheme=scheme, key=site.key_of(view.role), reduced_motion="reduce"
    ) as (page, watch):
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.goto(url)
        settle(page)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=path, animations="disabled")
        if watch.complaints:
            raise SystemExit(f"{url}: {watch.complaints}")
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path} is {size} bytes, more than {LARGEST_BYTES}: make the window smaller")
    print(f"{path} {size / 1000:.0f} kB", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
