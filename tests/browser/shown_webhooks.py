"""Webhooks to look at: one that is told, one whose receiver is out of order."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from receiver import Receiver, receiving
from shown_site import PATIENCE_SECONDS, Site

HOST = "localhost"
TESTS = 3
DELIVERED = {"operator": ["round.*", "order.*"], "buyer": ["allocation.*", "order.*"]}
FAILING = {"provider": ["allocation.*", "offering.*"]}


@contextmanager
def webhooks_told(site: Site) -> Iterator[None]:
    """Some that delivered, and one that tries again; `site` allows them to be at `HOST`."""
    with receiving() as working, receiving() as broken:
        broken.answer = lambda _received: 503
        for role, kinds in DELIVERED.items():
            _subscribe(site, role, kinds, working)
        for role, kinds in FAILING.items():
            _subscribe(site, role, kinds, broken)
        working.wait_for(TESTS * len(DELIVERED), PATIENCE_SECONDS)
        broken.wait_for(1, PATIENCE_SECONDS)
        _wait_until_told(site)
        yield


def _subscribe(site: Site, role: str, kinds: list[str], receiver: Receiver) -> None:
    key = site.key_of("operator")
    port = receiver.url.split(":")[2].split("/")[0]
    whose = None if role == "operator" else site.ask("GET", "/v1/keys/current", site.key_of(role))
    asked = {"url": f"http://{HOST}:{port}/{role}", "kinds": kinds}
    if whose is not None:
        asked["organisation_id"] = whose["organisation_id"]
    made = site.ask("POST", "/v1/webhooks", key, json=asked)
    for _ in range(TESTS):
        site.ask("POST", f"/v1/webhooks/{made['id']}/test", key)


def _wait_until_told(site: Site) -> None:
    """Until the exchange has written down what its receivers answered."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        hooks = site.ask("GET", "/v1/webhooks", site.operator)["items"]
        waiting = [hook for hook in hooks if hook["failing_since"] is None and _pending(site, hook["id"])]
        if not waiting and any(hook["failing_since"] for hook in hooks):
            return
        time.sleep(0.2)
    raise TimeoutError("webhooks were not told in time")


def _pending(site: Site, webhook_id: str) -> int:
    asked = {"state": "pending", "limit": 1}
    found = site.ask("GET", f"/v1/webhooks/{webhook_id}/deliveries", site.operator, params=asked)
    return len(found["items"])
