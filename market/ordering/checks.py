"""Whether what arrives refers to things that exist."""

from datetime import datetime

from market.domain.catalogue import Directory
from market.domain.devices import Device
from market.domain.errors import InvalidInput
from market.domain.offerings import Offering
from market.domain.orders import OrderTerms
from market.domain.parties import Provider
from market.domain.places import Node, Region
from market.persistence.store import Store
from market.settlement.vouchers import check_voucher


def check_order(
    work: Store, directory: Directory, buyer_id: str | None, terms: OrderTerms, now: datetime
) -> None:
    """`InvalidInput` for an unknown buyer, voucher pool, region or device, a device of another class, or bad dates.

    A question may be nobody's: its buyer is None.
    """
    terms.check_dates(now)
    if buyer_id is not None and not work.orders.buyer_exists(buyer_id):
        raise InvalidInput("unknown_buyer", f"no buyer {buyer_id!r}", buyer_id=buyer_id)
    check_voucher(work, terms, now)
    for region in (terms.job.origin_region, *(terms.job.allowed_regions or ())):
        if not directory.has_region(region):
            raise InvalidInput(
                "unknown_region", f"no region {region!r}; GET /v1/regions lists them", region=region
            )
    named = set(terms.job.devices or ()) | (
        set() if isinstance(terms.job.hours, float | int) else set(terms.job.hours)
    )
    for device_id in sorted(named):
        device = directory.device(device_id)
        if device is None:
            raise InvalidInput("unknown_device", f"no device {device_id!r}", device=device_id)
        if device.compute_class is not terms.job.compute_class:
            raise InvalidInput(
                "device_of_other_class",
                f"{device_id} is {device.compute_class.value}, the job asks for {terms.job.compute_class.value}",
                device=device_id,
            )


def check_node(work: Store, node: Node) -> None:
    """`InvalidInput` for an unknown region."""
    if not work.has(Region, node.region_id):
        raise InvalidInput("unknown_region", f"no region {node.region_id!r}", region=node.region_id)


def check_offering(work: Store, offering: Offering) -> None:
    """`InvalidInput` for an unknown provider, node or device."""
    for kind, name, id_ in (
        (Provider, "provider", offering.provider_id),
        (Node, "node", offering.node_id),
        (Device, "device", offering.device_id),
    ):
        if not work.has(kind, id_):
            raise InvalidInput(f"unknown_{name}", f"no {name} {id_!r}", **{name: id_})
