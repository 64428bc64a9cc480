"""Who takes part: providers, buyers, and the keys they act with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from market.domain.places import Provenance


class Role(StrEnum):
    """What a key may do."""

    PROVIDER = "provider"
    BUYER = "buyer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Provider:
    """An organisation that lists offerings."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    home_region_id: str | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Buyer:
    """An organisation that submits orders."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    home_region_id: str | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored: never the key itself, only its hash."""

    id: str
    role: Role
    organisation_id: str | None
    secret_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: the role and, for providers and buyers, the organisation."""

    key_id: str
    role: Role
    organisation_id: str | None
