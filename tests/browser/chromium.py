"""The browser of the tests: the machine's own Chromium."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

UNUSED_FEATURES = (
    *("AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay"),
    *("MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch"),
    *("ThirdPartyStoragePartitioning", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    "SpareRendererForSitePerProcess",
)
"""What Playwright turns off (Chromium heeds only the last such list), pages of the address bar that nobody sees but every
window would load, and a process made in advance for each: together they cost as much as the page that is tested."""
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
    f"--disable-features={','.join(UNUSED_FEATURES)}",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium here: install Debian's `chromium` and `fonts-wqy-microhei`, or set SUANLI_CHROMIUM"


def find_chromium() -> str | None:
    """Where it is; SUANLI_CHROMIUM decides."""
    return os.environ.get("SUANLI_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched(path: str, *more: str) -> Iterator[Browser]:
    """A browser without a window, that asks nobody by itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *more])
        yield browser
        browser.close()
