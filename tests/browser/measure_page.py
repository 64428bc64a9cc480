"""How fast the market view is, measured in a real browser; figures, machine and date go to a JSON file.

`python tests/browser/measure_page.py --out page.json [--database FILE --key KEY]`. Everything is on one machine, so that the
network is loopback: what is measured is the exchange, the transfer's size and the browser's work. With `--against DIR`,
scripts and styles of an earlier page (`git archive COMMIT api/web/static`), the hours are played in turn by both: on a busy
machine only such pairs tell which is faster.
"""

import json
import os
import platform
import statistics
from argparse import ArgumentParser
from datetime import UTC, datetime
from itertools import islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from chromium import MISSING, find_chromium, launched
from looking import SETTLED, settle
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route
from shown_site import Site, copy_of, prepare_day, serving

Figures = dict[str, Any]
FLOWS, FIRST_POWER_KW, HOURS_PLAYED_MS = 2000, 40, 8000
CLOSE_ZOOM = 3
PAIRS = 3
WATCH = """() => {
  window.longTasks = []; window.usable = null;
  const note = (list) => longTasks.push(...list.getEntries().map((one) => one.duration));
  new PerformanceObserver(note).observe({ type: "longtask", buffered: true });
  const settled = %s;
  const look = () => { if (settled()) window.usable = performance.now(); else requestAnimationFrame(look); };
  requestAnimationFrame(look);
}"""
LOADED = """() => ({
  first_contentful_paint_ms: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  usable_ms: window.usable, long_tasks: longTasks.length, longest_task_ms: Math.max(0, ...longTasks),
  blocking_ms: longTasks.reduce((sum, one) => sum + Math.max(0, one - 50), 0),
  requests: performance.getEntriesByType("resource").length + 1,
})"""
FRAMES = """(forMs) => new Promise((done) => {
  const gaps = [], before = longTasks.length, begun = performance.now();
  let last = begun;
  requestAnimationFrame(function frame(now) {
    if (now > last) gaps.push(now - last);
    last = now;
    if (now - begun < forMs) requestAnimationFrame(frame);
    else done({ gaps, long_tasks: longTasks.length - before, longest_task_ms: Math.max(0, ...longTasks.slice(before)) });
  });
})"""


def measure_load(context: BrowserContext, url: str) -> Figures:
    """One visit of the market, from nothing shown to every chart drawn."""
    page = context.new_page()
    page.add_init_script(f"({WATCH % SETTLED})()")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks its listeners
    page.goto(url)
    page.wait_for_function("() => window.usable !== null")
    found: Figures = page.evaluate(LOADED)
    network = [
        one for one in answers if not one.headers.get("content-type", "").startswith("text/event-stream")
    ]
    sizes = [one.request.sizes() for one in network if one.finished() is None]
    found["transferred_bytes"] = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    page.close()
    return found


def measure_play(browser: Browser, site: Site, zoom: float, earlier: Path | None = None) -> Figures:
    """Frames while the hours pass at the fastest pace, with 2,000 flows between regions in every hour."""
    context = browser.new_context(viewport={"width": 1440, "height": 960}, locale="en-GB")
    if earlier is not None:
        for kind in ("scripts", "style"):
            context.route(f"**/assets/*/{kind}/**", lambda route: _serve_earlier(route, earlier))
    page = context.new_page()
    page.add_init_script(f"({WATCH % SETTLED})()")
    page.route("**/schedule", many_flows)
    page.goto(f"{site.url}/?lang=en")
    settle(page)
    drawn = _zoom(page, zoom)
    for _ in range(2):
        page.get_by_role("button", name="Speed").click()
    page.get_by_role("button", name="Play").click()
    played = page.evaluate(FRAMES, HOURS_PLAYED_MS)
    gaps = sorted(played["gaps"])
    heap = _heap_bytes(context, page)
    context.close()
    return {
        "zoom": zoom,
        "lines_drawn": drawn,
        "frames_per_second": round(1000 * len(gaps) / sum(gaps), 1),
        "median_frame_ms": round(statistics.median(gaps), 1),
        "p95_frame_ms": round(gaps[int(0.95 * (len(gaps) - 1))], 1),
        "long_tasks": played["long_tasks"],
        "longest_task_ms": played["longest_task_ms"],
        "heap_bytes": heap,
    }


def _serve_earlier(route: Route, directory: Path) -> None:
    """A file of an earlier page in place of this one's."""
    _, _, _, *name = urlsplit(route.request.url).path.split("/")
    path = directory.joinpath(*name)
    route.fulfill(path=path, content_type="text/javascript" if path.suffix == ".js" else "text/css")


def many_flows(route: Route) -> None:
    """The schedule as it is, with 2,000 flows in place of its own: pairs of regions and classes, busy at all hours."""
    schedule = route.fetch().json()
    hours = len(schedule["hours"])
    regions = sorted({flow[end] for flow in schedule["flows"] for end in ("from_region", "to_region")})
    classes = sorted({flow["job_class"] for flow in schedule["flows"] if flow["job_class"]})
    pairs = ((start, end, name) for name, start, end in product(classes, regions, regions) if start != end)
    model = schedule["flows"][0]
    schedule["flows"] = [
        model
        | {"from_region": start, "to_region": end, "job_class": name, "orders": 1, "first_hour": 0}
        | {"it_kw": [FIRST_POWER_KW + (at + hour) % FIRST_POWER_KW for hour in range(hours)]}
        | {"it_kwh": FIRST_POWER_KW * hours}
        for at, (start, end, name) in enumerate(islice(pairs, FLOWS))
    ]
    if len(schedule["flows"]) < FLOWS:
        raise ValueError(f"{len(regions)} regions and {len(classes)} classes make no {FLOWS} flows")
    route.fulfill(json=schedule)


def _zoom(page: Page, zoom: float) -> int:
    """Bring the map to a zoom as a wheel would; how many lines it then draws."""
    source = page.locator("script[type=module]").get_attribute("src") or ""
    return int(
        page.evaluate(
            """async ([path, zoom]) => {
              const { getInstanceByDom } = await import(path);
              const chart = getInstanceByDom(document.querySelector(".chart"));
              const roam = { type: "geoRoam", componentType: "geo", geoIndex: 0, originX: 400, originY: 300 };
              if (zoom > 1) chart.dispatchAction({ ...roam, zoom });
              await new Promise((done) => setTimeout(done, 500));
              const card = document.querySelector(".chart-card");
              return card.dataset.lines ?? chart.getOption().series[0].data.length;
            }""",
            [source.replace("scripts/main.js", "vendor/echarts.esm.min.js"), zoom],
        )
    )


def _heap_bytes(context: BrowserContext, page: Page) -> int:
    """What is in use after a collection."""
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    return int(session.send("Runtime.getHeapUsage")["usedSize"])


def machine() -> Figures:
    """Where it was measured, and how busy it was."""
    return {
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "python": platform.python_version(),
    }


def main() -> None:
    """Serve, measure, write."""
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--database", type=Path)
    asked.add_argument("--key", help="the operator's key, or a file that holds it")
    asked.add_argument("--visits", type=int, default=3)
    asked.add_argument("--against", type=Path, help="scripts and styles of an earlier page, played in turn")
    given = asked.parse_args()
    path = find_chromium()
    if path is None:
        asked.error(MISSING)
    with TemporaryDirectory() as made:
        database = Path(made) / "market.db"
        if given.database is None:
            url = f"sqlite:///{database}"
            key = prepare_day(url)
        else:
            url = copy_of(given.database, database)
            key = Path(given.key).read_text().strip() if Path(given.key).is_file() else given.key
        with serving(url, key) as site, launched(path) as browser:
            figures = _measure(browser, site, given.visits, given.against)
    given.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))  # noqa: T201


def _measure(browser: Browser, site: Site, visits: int, earlier: Path | None) -> Figures:
    cold, warm = [], []
    for _ in range(visits):
        context = browser.new_context(viewport={"width": 1440, "height": 960}, locale="en-GB")
        cold.append(measure_load(context, f"{site.url}/?lang=en"))
        warm.append(measure_load(context, f"{site.url}/?lang=en"))
        context.close()
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine() | {"browser": browser.version},
        "round": {"orders": site.round["orders"], "placed": site.round["placed"]},
        "cold": cold,
        "warm": warm,
        "playing": [play for zoom in (1, CLOSE_ZOOM) for play in _play_in_turn(browser, site, zoom, earlier)],
    }


def _play_in_turn(browser: Browser, site: Site, zoom: float, earlier: Path | None) -> list[Figures]:
    """This page, or the earlier one and this one, as often as it takes to see through the noise."""
    if earlier is None:
        return [measure_play(browser, site, zoom)]
    return [
        {"page": name} | measure_play(browser, site, zoom, directory)
        for _ in range(PAIRS)
        for name, directory in (("earlier", earlier), ("this", None))
    ]


if __name__ == "__main__":
    main()
