"""One try to deliver one event: signed, sent to an address that was looked at, and judged by its status alone."""

import asyncio
import json
import ssl
import time
from types import TracebackType

import httpx2

from market.domain.clock import Clock
from market.domain.errors import InvalidInput
from market.domain.webhooks import Attempt, Parcel, Webhook
from market.webhooks.addresses import AddressGuard, AddressRefused
from market.webhooks.resolving import Address, NoPlace
from market.webhooks.signing import secret_of, signed_headers

MOST_READ_BYTES = 4096
"""So much of an answer is read, to use the connection again, and none of it is kept."""
USER_AGENT = "suanli-exchange-webhooks/1"
ERRORS = {
    "timeout": "no answer in time",
    "address_refused": "the host does not resolve, or not to public addresses only",
    "tls_failed": "the certificate is not good, or no TLS is spoken",
    "connection_failed": "nobody listens, or the connection broke",
    "redirected": "the answer points elsewhere, which is not followed",
    "bad_answer": "the answer is no HTTP",
}
"""What can go wrong without a status that says it, by its stable word."""


class Sender:
    """Sends over connections of its own, for as long as it is open: use it as an asynchronous context manager."""

    def __init__(
        self, guard: AddressGuard, clock: Clock, pepper: str, *, timeout_seconds: float, trust: ssl.SSLContext
    ) -> None:
        self._guard, self._clock, self._pepper = guard, clock, pepper
        self._timeout_seconds = timeout_seconds
        self._looking_up: dict[str, asyncio.Task[Address]] = {}
        self._http = httpx2.AsyncClient(
            verify=trust, trust_env=False, follow_redirects=False, timeout=timeout_seconds
        )

    async def __aenter__(self) -> "Sender":
        """Ready to send."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        for looking in tuple(self._looking_up.values()):
            looking.cancel()
        await self._http.aclose()

    async def send(self, parcel: Parcel) -> Attempt | None:
        """How it went; whatever the other side does is an answer, never an exception.

        None where nothing was tried, for reasons that are not the receiver's: too many names are being looked up.
        """
        at, began = self._clock.now(), time.monotonic()
        status, error = None, None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                status = await self._post(parcel)
            error = "redirected" if 300 <= status < 400 else None
        except NoPlace:
            return None
        except (TimeoutError, httpx2.TimeoutException):
            error = "timeout"
        except (AddressRefused, InvalidInput, httpx2.InvalidURL):  # a URL of before may be none today
            error = "address_refused"
        except (httpx2.ProtocolError, httpx2.DecodingError):
            error = "bad_answer"
        except (httpx2.TransportError, OSError) as failure:
            error = "tls_failed" if _is_tls(failure) else "connection_failed"
        return Attempt(at, int((time.monotonic() - began) * 1000), status, error)

    async def _post(self, parcel: Parcel) -> int:
        webhook = parcel.webhook
        url = httpx2.URL(webhook.url)
        address = await asyncio.shield(self._address_of(webhook))
        body = json.dumps(webhook.audience.tell(parcel.event), ensure_ascii=False, separators=(",", ":"))
        now = self._clock.now()
        secrets = [secret_of(salt, self._pepper) for salt in webhook.salts.at(now)]
        request = self._http.build_request(
            "POST",
            url.copy_with(host=str(address)),
            content=body.encode(),
            headers={
                "Host": url.netloc.decode(),
                "Content-Type": "application/json",
                "User-Agent": USER_AGENT,
                **signed_headers(parcel.event.id, now, body, secrets),
            },
            extensions={
                "sni_hostname": url.raw_host.decode()
            },  # `host` is Unicode, which TLS may not be able to say
        )
        response = await self._http.send(request, stream=True)
        try:
            read = 0
            async for chunk in response.aiter_raw(MOST_READ_BYTES):
                read += len(chunk)
                if read > MOST_READ_BYTES:
                    break
        finally:
            await response.aclose()
        return response.status_code

    def _address_of(self, webhook: Webhook) -> "asyncio.Task[Address]":
        """One look-up for all that is sent to a URL meanwhile; what it found is good as long as the sender is open."""
        url = webhook.url
        if url not in self._looking_up:
            looking = asyncio.ensure_future(self._guard.address_of(url, webhook.organisation_id or ""))
            self._looking_up[url] = looking
            looking.add_done_callback(lambda ended: self._forget_failure(url, ended))
        return self._looking_up[url]

    def _forget_failure(self, url: str, ended: "asyncio.Task[Address]") -> None:
        """Whoever comes later looks again."""
        if ended.cancelled() or ended.exception() is not None:
            del self._looking_up[url]


def _is_tls(failure: BaseException | None) -> bool:
    while failure is not None:
        if isinstance(failure, ssl.SSLError):
            return True
        failure = failure.__cause__ or failure.__context__
    return False
