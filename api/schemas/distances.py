"""How far regions are from each other."""

from typing import Any

from pydantic import Field

from api.schemas.fields import PageQuery, Reference, Schema, example
from market.domain.places import RoundTripTime

DISTANCE: dict[str, Any] = {
    "from_region_id": "shanghai",
    "to_region_id": "chengdu",
    "rtt_ms": 26.7,
    "source": "modelled from coordinates: great circle x 1.35, 5 us/km each way",
    "confidence": "assumption",
}


class DistancesQuery(PageQuery):
    """Which distances."""

    from_region_id: Reference | None = Field(
        None, description="Only those from this region.", examples=["shanghai"]
    )
    to_region_id: Reference | None = Field(
        None, description="Only those to this region.", examples=["chengdu"]
    )


class RoundTripTimeAnswer(Schema):
    """Round-trip time between two regions; the same in both directions, and each is listed."""

    model_config = example(**DISTANCE)

    from_region_id: str
    to_region_id: str
    rtt_ms: float
    source: str
    confidence: str = Field(description="How far to trust it: stated, derived or assumption.")

    @classmethod
    def of(cls, rtt: RoundTripTime) -> "RoundTripTimeAnswer":
        """One direction."""
        return cls(
            from_region_id=rtt.from_region_id,
            to_region_id=rtt.to_region_id,
            rtt_ms=rtt.rtt_ms,
            source=rtt.provenance.source,
            confidence=rtt.provenance.confidence,
        )
