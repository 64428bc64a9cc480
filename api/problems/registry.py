"""The registry of problem codes: what each means and what to do next, read from the files in `codes/`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CODES = Path(__file__).parent / "codes"
PAGES = "/problems"
"""Where the pages are; `type` of a problem document is a reference below it, relative to the exchange."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One code, in both languages: its HTTP status, what it means, what to do next."""

    code: str
    status: int
    title_en: str
    title_zh: str
    means_en: str
    means_zh: str
    next_en: str
    next_zh: str
    statuses_vary: bool = False

    @property
    def type(self) -> str:
        """The reference that a problem document carries as its `type`."""
        return type_of(self.code)


@dataclass(frozen=True, slots=True)
class Area:
    """Codes that belong together: one file of the registry."""

    name: str
    title_en: str
    title_zh: str
    over_http: bool = True


AREAS = (
    Area("requests", "Requests", "请求"),
    Area("edge", "Limits and conditions", "限额与条件"),
    Area("keys", "Keys and organisations", "密钥与机构"),
    Area("catalogue", "Catalogue and policy", "目录与策略"),
    Area("orders", "Orders and quotes", "订单与报价"),
    Area("offerings", "Offerings", "算力产品"),
    Area("rounds", "Rounds and what-if", "轮次与推演"),
    Area("running", "Allocations", "分配"),
    Area("money", "Money", "资金"),
    Area("events", "Events and webhooks", "事件与网络钩子"),
    Area("service", "The exchange itself", "交易所本身"),
    Area("setup", "Setting up, on the command line", "命令行部署", over_http=False),
)


def type_of(code: str) -> str:
    """The `type` of problems with this code."""
    return f"{PAGES}/{code}"


@cache
def entries_by_area() -> Mapping[Area, tuple[Entry, ...]]:
    """All entries, area by area, in the sequence of the files."""
    return {area: _read_area(area) for area in AREAS}


@cache
def registry() -> Mapping[str, Entry]:
    """All entries by code; a code has one page."""
    found: dict[str, Entry] = {}
    for entries in entries_by_area().values():
        for entry in entries:
            if entry.code in found:
                raise ValueError(f"code {entry.code} has two entries")
            found[entry.code] = entry
    return found


def _read_area(area: Area) -> tuple[Entry, ...]:
    text = (CODES / f"{area.name}.toml").read_text("utf-8")
    return tuple(Entry(code, **fields) for code, fields in tomllib.loads(text).items())
