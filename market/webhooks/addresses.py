"""Where webhooks may point: to public addresses by https, and nowhere inside the network the exchange runs in.

A name is resolved for each try, or for a few that are made at once, every address it has must be public, and the connection
goes to the very address that was looked at: a name that resolves to something else a moment later gains nothing.
"""

import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from market.domain.errors import InvalidInput
from market.webhooks.resolving import Address, Resolver

Resolve = Callable[[str, int, str], Awaitable[Sequence[Address]]]
"""A host, a port, and whose webhook it is: addresses."""
LONGEST_URL = 2000
_NAME = re.compile(r"([a-z0-9_-]{1,63}\.)*(?!\d+\.?$)[a-z0-9_-]{1,63}\.?")
"""A host's name; one that ends in a number is an IPv4 address or nothing (URL Standard, 3.5)."""
_NEVER = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # shared by carriers, RFC 6598; clouds keep metadata there as well
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.88.99.0/24",  # relays of 6to4, RFC 7526
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "64:ff9b::/96",  # IPv4 through NAT64, RFC 6052
        "64:ff9b:1::/48",
        "2001::/32",  # IPv4 through Teredo, RFC 4380
        "2002::/16",  # IPv4 through 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
    )
)
_GLOBAL_UNICAST = ip_network("2000::/3")
"""All of IPv6 that was ever given to anybody (RFC 4291); fec0::/10, once for sites, counts as global in Python."""

RESOLVER = Resolver()
"""One for all couriers of a process: its threads are counted together."""


class AddressRefused(Exception):
    """The host has no address that may be connected to; nothing was sent."""


class AddressGuard:
    """What may be connected to. Hosts that the operator allows by name may be anywhere, and need no https."""

    def __init__(self, allowed_hosts: Sequence[str] = (), resolve: Resolve | None = None) -> None:
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._resolve = resolve or RESOLVER

    def require_url(self, url: str) -> None:
        """`InvalidInput` for what can never be delivered to; names are resolved only when something is sent."""
        parts = _split(url)
        host = parts.hostname or ""
        if host in self._allowed and parts.scheme in {"http", "https"}:
            return
        if parts.scheme != "https":
            raise _invalid("a webhook needs https: what is sent tells of your orders")
        literal = _literal(host)
        if (
            (literal is not None and not is_public(literal))
            or host == "localhost"
            or host.endswith(".localhost")
        ):
            raise _invalid("a webhook must point to a public address")

    async def address_of(self, url: str, whose: str = "") -> Address:
        """The address to connect to; `AddressRefused` where there is none, or one of them is not public.

        `whose` webhook it is: look-ups of one organisation take few places, and `NoPlace` where they are taken.
        """
        parts = _split(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        literal = _literal(host)
        found = [literal] if literal is not None else await self._resolve(host, port, whose)
        if not found:
            raise AddressRefused(host)
        if host not in self._allowed and (parts.scheme != "https" or not all(map(is_public, found))):
            raise AddressRefused(host)
        return found[0]


def is_public(address: Address) -> bool:
    """Whether it belongs to somebody on the internet, and cannot lead back inside."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    return (
        address.is_global
        and (address.version == 4 or address in _GLOBAL_UNICAST)
        and not address.is_multicast
        and not address.is_reserved
        and not any(address.version == network.version and address in network for network in _NEVER)
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise _invalid(f"this is no URL: {error}") from error
    if not usable or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _invalid("write https://host/path, in ASCII, at most 2000 characters")
    if not _names_host(parts.hostname or "", in_brackets="[" in parts.netloc):
        raise _invalid("its host is none: write a name (xn--… where it is not ASCII) or an address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _invalid("a webhook's URL has no user, password or fragment: what is sent is signed instead")
    return parts


def _names_host(host: str, *, in_brackets: bool) -> bool:
    literal = _literal(host)
    if in_brackets:
        return isinstance(literal, IPv6Address) and literal.scope_id is None
    return literal is not None or _NAME.fullmatch(host) is not None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return _odd_literal(host)


def _odd_literal(host: str) -> Address | None:
    """127.1, 0x7f000001, 2130706433: what resolvers take for an IPv4 address."""
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _invalid(detail: str) -> InvalidInput:
    return InvalidInput("invalid_webhook_url", detail)
