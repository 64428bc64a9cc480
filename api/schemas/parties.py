"""Providers and buyers."""

from pydantic import Field

from api.schemas.fields import FreshId, Named, Reference, Schema, Words, example, named_example
from market.domain.parties import Buyer, Provider
from market.domain.places import Provenance

STATED_BY_OPERATOR = Provenance("operator", "stated")
SHOWN_ONCE = "The key was shown in the first answer and is not kept; the operator can issue another one."
PROVIDER = {
    "id": "prv_horinger",
    "name_zh": "和林格尔算力",
    "name_en": "Horinger Compute",
    "kind": "cloud",
    "home_region_id": "hohhot",
}
BUYER = {
    "id": "buy_lab",
    "name_zh": "示范实验室",
    "name_en": "Demo Lab",
    "kind": "research",
    "home_region_id": "shanghai",
}


class OrganisationRequest(Named):
    """Who is to take part. One name is enough."""

    model_config = named_example(**PROVIDER)

    id: FreshId | None = Field(None, description="Left out: one is made.")
    kind: Words = "other"
    home_region_id: Reference | None = None

    def provider(self, id_: str) -> Provider:
        """The market's noun."""
        return Provider(id_, self.name_zh, self.name_en, self.kind, self.home_region_id, STATED_BY_OPERATOR)

    def buyer(self, id_: str) -> Buyer:
        """The market's noun."""
        return Buyer(id_, self.name_zh, self.name_en, self.kind, self.home_region_id, STATED_BY_OPERATOR)


class OrganisationAnswer(Schema):
    """An organisation that takes part."""

    model_config = example(**PROVIDER)

    id: str
    name_zh: str
    name_en: str
    kind: str
    home_region_id: str | None

    @classmethod
    def of(cls, organisation: Provider | Buyer) -> "OrganisationAnswer":
        """What an organisation looks like from outside."""
        return cls(**{name: getattr(organisation, name) for name in cls.model_fields})


class Registration(OrganisationAnswer):
    """A registered organisation and its key, which is shown this once."""

    model_config = example(
        **BUYER, api_key="suanli_buyer_3q2-7wXyExampleExampleExampleExampleExampleE", note=None
    )

    api_key: str | None = Field(
        description="Shown this once. Null where the request is a repetition under its idempotency key."
    )
    note: str | None = Field(description="Why there is no key, where there is none.")
