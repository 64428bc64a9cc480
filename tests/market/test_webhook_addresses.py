"""Where webhooks may go: what a name resolves to counts, each time, and the connection goes there."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from market.domain.errors import InvalidInput
from market.webhooks.addresses import Address, AddressGuard, AddressRefused, is_public
from market.webhooks.resolving import Resolver

INSIDE = [
    "0.0.0.0",  # noqa: S104
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2001:db8::1",
    "2001:0:a00:1::",
    "2002:a00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = ["1.1.1.1", "8.8.8.8", "114.114.114.114", "2606:4700:4700::1111", "::ffff:8.8.8.8"]


class Names:
    """A resolver that answers as it is told, one answer after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)

    async def __call__(self, *_asked: object) -> Sequence[Address]:
        return [ip_address(text) for text in self._answers.pop(0)]


def address_of(guard: AddressGuard, url: str) -> str:
    return str(asyncio.run(guard.address_of(url)))


@pytest.mark.parametrize("text", INSIDE)
def test_addresses_inside_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_addresses_outside_are(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("inside", INSIDE)
def test_a_name_that_leads_inside_is_refused(inside: str) -> None:
    for answers in ([inside], ["1.1.1.1", inside], [inside, "1.1.1.1"]):
        with pytest.raises(AddressRefused):
            address_of(AddressGuard(resolve=Names(answers)), "https://receiver.example/")


def test_a_name_is_looked_at_each_time_and_the_address_given_is_the_one_looked_at() -> None:
    """A name that turns inwards after it was looked at (rebinding) is refused the next time, and was not followed."""
    guard = AddressGuard(resolve=Names(["1.1.1.1"], ["127.0.0.1"]))
    assert address_of(guard, "https://receiver.example/") == "1.1.1.1"
    with pytest.raises(AddressRefused):
        address_of(guard, "https://receiver.example/")


def test_a_name_without_address_is_refused() -> None:
    with pytest.raises(AddressRefused):
        address_of(AddressGuard(resolve=Names([])), "https://receiver.example/")


def test_allowed_hosts_may_be_anywhere_and_by_http() -> None:
    guard = AddressGuard(["Receiver.internal"], Names(["10.0.0.7"]))
    assert address_of(guard, "http://receiver.internal:8080/x") == "10.0.0.7"


def test_http_is_refused_even_where_the_address_is_public() -> None:
    with pytest.raises(AddressRefused):
        address_of(AddressGuard(resolve=Names(["1.1.1.1"])), "http://receiver.example/")


def test_names_are_resolved_as_this_machine_does() -> None:
    assert ip_address("127.0.0.1") in asyncio.run(Resolver()("localhost", 443))
    assert not asyncio.run(Resolver()("no-such-host.invalid", 443))


@pytest.mark.parametrize(
    "url",
    [
        "https://256.1.1.1/",
        "https://1.2.3.4.5/",
        "https://[v1.a]/",
        "https://[2606:4700::1%25eth0]/",
        "https://ex%61mple.com/",
        "https://a..example/",
        "https://a|b.example/",
        "https://{a}.example/",
    ],
)
def test_what_no_host_can_be_called_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        AddressGuard().require_url(url)
    assert refused.value.code == "invalid_webhook_url"


@pytest.mark.parametrize(
    "url",
    ["https://a_b.example:8443/x?y=|", "https://xn--fiqs8s./", "https://[2606:4700::1]/", "https://1.1.1.1/"],
)
def test_hosts_are_called_this(url: str) -> None:
    AddressGuard().require_url(url)
