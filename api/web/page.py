"""The page: one document for every view, and its assets under a fingerprint of them all.

An asset's address changes with its content, so browsers may keep it for ever; the document is asked for anew each time.
The chart library comes from the package that carries it, the map from the fixtures: nothing is fetched from elsewhere.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Mount
from starlette.types import Receive, Scope, Send

from api.wire.content_coding import WORTH_PACKING, takes_gzip

STATIC = Path(__file__).parent / "static"
DOCUMENT = "index.html"
ASSETS = "/assets"
FOR_EVER = "public, max-age=31536000, immutable"
NOT_THE_PAGE = ("/v1/", "/problems", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/redoc")
VIEWS = frozenset({"", "rounds", "catalogue", "orders", "what-if", "provider", "operator", "sign-in"})
"""First parts of the addresses that `scripts/views.js` knows."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    media_type: str
    plain: bytes
    packed: bytes | None

    @classmethod
    def of(cls, name: str, content: bytes) -> "Asset":
        """Text is packed once, when the application starts."""
        media_type = _media_type(name)
        text = media_type.startswith(("text/", "application/json", "image/svg"))
        packed = gzip.compress(content, 6, mtime=0) if text and len(content) >= WORTH_PACKING else None
        return cls(media_type, content, packed)


@cache
def the_page() -> "Page":
    """The page of this program; it does not change while the program runs."""
    return Page()


class Page:
    """Everything the page is made of, read and packed once."""

    def __init__(self) -> None:
        files = dict(sorted(_files()))
        document = files.pop(DOCUMENT).decode()
        seal = hashlib.sha256()
        for name, content in files.items():
            seal.update(f"{name}\n{len(content)}\n".encode() + content)
        self.fingerprint = seal.hexdigest()[:16]
        self.prefix = f"{ASSETS}/{self.fingerprint}"
        self.assets: Mapping[str, Asset] = {name: Asset.of(name, content) for name, content in files.items()}
        self.document = Asset.of(DOCUMENT, document.replace("{{assets}}", self.prefix).encode())

    def mount(self) -> Mount:
        """The page at the root, behind everything else."""
        return PageMount("/", app=self._answer, name="page")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        request = Request(scope, receive)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
        path = request.url.path
        found = (
            self._read_asset(path, request)
            if path.startswith(f"{ASSETS}/")
            else self._read_document(path, request)
        )
        await found(scope, receive, send)

    def _read_asset(self, path: str, request: Request) -> Response:
        asset = self.assets.get(path.removeprefix(f"{self.prefix}/"))
        if asset is None or not path.startswith(f"{self.prefix}/"):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _answer(asset, request.headers, FOR_EVER)

    def _read_document(self, path: str, request: Request) -> Response:
        """The document says itself where an address leads nowhere; a program is told in its own words."""
        if path == "/favicon.ico":
            return RedirectResponse(f"{self.prefix}/icon.svg")
        known = path.split("/")[1] in VIEWS
        if not known and "text/html" not in request.headers.get("accept", ""):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _answer(
            self.document, request.headers, "no-cache", HTTPStatus.OK if known else HTTPStatus.NOT_FOUND
        )


class PageMount(Mount):
    """The page at the root; it leaves the API's paths alone, so that a wrong method there is a 405."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a mount does, but not for the API's own paths."""
        if scope["path"].startswith(NOT_THE_PAGE):
            return Match.NONE, {}
        return super().matches(scope)


def _files() -> Iterator[tuple[str, bytes]]:
    """Name and content of every file, as the page's addresses name them."""
    for path in STATIC.rglob("*"):
        if path.is_file():
            yield path.relative_to(STATIC).as_posix(), path.read_bytes()
    yield "vendor/echarts.esm.min.js", chart_library().read_bytes()
    yield "map/china.json", map_of_china().read_bytes()


def chart_library() -> Path:
    """ECharts as its authors built it, in the package that carries it; that package's own code is not run."""
    return _package("instaui_echarts") / "static" / "echarts.esm.min.js"


def map_of_china() -> Path:
    """The national map, which is data (`fixtures/maps`)."""
    return _package("fixtures") / "maps" / "china.json"


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"the package {name} is missing: install suanli-exchange with its dependencies"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _media_type(name: str) -> str:
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name.endswith(".js"):
        guessed = "text/javascript"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def _answer(asset: Asset, headers: Headers, caching: str, status: int = HTTPStatus.OK) -> Response:
    packs = asset.packed is not None and takes_gzip(headers.getlist("accept-encoding"))
    body = asset.packed if packs and asset.packed is not None else asset.plain
    sent = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
    if packs:
        sent["Content-Encoding"] = "gzip"
    return Response(body, status, media_type=asset.media_type, headers=sent)
