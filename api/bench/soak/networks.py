"""Hosts of an exchange as network namespaces of this machine: a host that is cut off hangs, where a dead process refuses.

Two networks, as two bridges in a namespace of their own. In front clients reach the servers of the API, behind these reach
the database; whoever makes them has a leg in both. Addresses are those that RFC 2544 sets aside for benchmarks: nothing
of it leaves the machine. Needs root, and iproute2.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.terminal.refusal import Refusal

FRONT, BEHIND = "198.18", "198.19"
_PATIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Host:
    """One of them: its namespace, and its addresses."""

    namespace: str
    number: int
    subnet: int

    @property
    def front(self) -> str:
        """Where clients reach it."""
        return f"{FRONT}.{self.subnet}.{self.number}"

    @property
    def behind(self) -> str:
        """Where the database and the others are."""
        return f"{BEHIND}.{self.subnet}.{self.number}"

    @property
    def enter(self) -> tuple[str, ...]:
        """First words of a command that is to run there."""
        return ("ip", "netns", "exec", self.namespace)


class Networks:
    """Both networks and the hosts on them."""

    def __init__(self) -> None:
        self._tag = f"su{os.getpid() % 100_000}"
        self._subnet = os.getpid() % 250 + 1
        self._hub = f"{self._tag}-hub"
        self._made: list[str] = []
        self._legs: list[str] = []

    def lay(self) -> None:
        """Bridges, and our own legs; `Refusal` where this machine does not let us."""
        if shutil.which("ip") is None:
            raise Refusal(
                "no_network_namespaces", "hosts need the program ip (iproute2), which is not installed"
            )
        try:
            self._add_namespace(self._hub)
        except RuntimeError as error:
            raise Refusal(
                "no_network_namespaces", f"network namespaces cannot be made here: {error}", "it takes root"
            ) from error
        for side, network in (("f", FRONT), ("b", BEHIND)):
            _ip("-n", self._hub, "link", "add", f"bridge-{side}", "type", "bridge")
            _ip("-n", self._hub, "link", "set", f"bridge-{side}", "up")
            ours = f"{self._tag}{side}0"
            _ip("link", "add", ours, "type", "veth", "peer", "name", f"{side}0", "netns", self._hub)
            self._legs.append(ours)
            self._plug(side, 0)
            _ip("address", "add", f"{network}.{self._subnet}.1/24", "dev", ours)
            _ip("link", "set", ours, "up")

    def add_host(self, name: str) -> Host:
        """A host on both networks."""
        host = Host(f"{self._tag}-{name}", 10 + len(self._made), self._subnet)
        self._add_namespace(host.namespace)
        _ip("-n", host.namespace, "link", "set", "lo", "up")
        for side, address in (("f", host.front), ("b", host.behind)):
            port = f"{side}{host.number}"
            _ip("-n", self._hub, "link", "add", port, "type", "veth", "peer", "name", f"eth-{side}",
                "netns", host.namespace)  # fmt: skip
            self._plug(side, host.number)
            _ip("-n", host.namespace, "address", "add", f"{address}/24", "dev", f"eth-{side}")
            _ip("-n", host.namespace, "link", "set", f"eth-{side}", "up")
        return host

    def cut_off(self, host: Host) -> None:
        """Nothing passes between the host and what is behind any more, and nobody is told."""
        _ip("-n", self._hub, "link", "set", f"b{host.number}", "nomaster")

    def heal(self, host: Host) -> None:
        """It passes again."""
        _ip("-n", self._hub, "link", "set", f"b{host.number}", "master", "bridge-b")

    def take_away(self) -> None:
        """All of it, with the links."""
        for leg in self._legs:
            _ip("link", "delete", leg)
        self._legs.clear()
        for namespace in reversed(self._made):
            _ip("netns", "delete", namespace)
        self._made.clear()

    def _plug(self, side: str, number: int) -> None:
        _ip("-n", self._hub, "link", "set", f"{side}{number}", "master", f"bridge-{side}")
        _ip("-n", self._hub, "link", "set", f"{side}{number}", "up")

    def _add_namespace(self, name: str) -> None:
        _ip("netns", "add", name)
        self._made.append(name)


@contextmanager
def laid_networks() -> Iterator[Networks]:
    """Networks that are gone afterwards."""
    networks = Networks()
    try:
        networks.lay()
        yield networks
    finally:
        networks.take_away()


def _ip(*arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - a system's program
        ["ip", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
