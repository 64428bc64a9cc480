"""Every view of the page: where it is, who may open it."""

from typing import NamedTuple

from shown_site import Site


class View(NamedTuple):
    """A view, its address with the names of what it shows, and whose key it takes."""

    name: str
    path: str
    role: str | None = None


VIEWS = (
    View("market", "/"),
    View("rounds", "/rounds"),
    View("round", "/rounds/{round}"),
    View("catalogue", "/catalogue"),
    View("offering", "/catalogue/{offering}"),
    View("signin", "/sign-in"),
    View("orders", "/orders", "buyer"),
    View("submit", "/orders/new", "buyer"),
    View("order-placed", "/orders/{placed}", "buyer"),
    View("order-waiting", "/orders/{waiting}", "buyer"),
    View("whatif", "/what-if", "operator"),
    View("provider", "/provider", "provider"),
    View("provider-offerings", "/provider?part=offerings", "provider"),
    View("provider-money", "/provider?part=money", "provider"),
    View("operator", "/operator", "operator"),
    View("operator-audit", "/operator?part=audit", "operator"),
    View("operator-access", "/operator?part=access", "operator"),
    View("operator-webhooks", "/operator?part=webhooks", "operator"),
)


def address_of(view: View, site: Site, **settings: str) -> str:
    """A view's whole address on a site."""
    path = view.path.format_map(_Shown(site))
    joined = "&".join(f"{name}={value}" for name, value in settings.items())
    return f"{site.url}{path}{'&' if '?' in path else '?'}{joined}" if joined else f"{site.url}{path}"


class _Shown(dict[str, str]):
    """Ids of what there is to see, asked for when an address names them."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site

    def __missing__(self, name: str) -> str:
        ask = {
            "round": lambda: self.site.round["id"],
            "offering": lambda: self.site.ask("GET", "/v1/offerings", params={"limit": 1})["items"][0]["id"],
            "placed": lambda: self.site.order("allocated"),
            "waiting": lambda: self.site.order("open"),
        }
        return str(ask[name]())
