"""Calendar months and years in Asia/Shanghai, which invoices, statements and caps go by."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from market.domain.clock import MARKET_ZONE
from market.domain.errors import InvalidInput

_WRITTEN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def of(cls, text: str) -> "Month":
        """From 2025-07; `InvalidInput` for anything else."""
        written = _WRITTEN.fullmatch(text)
        if written is None or not 2000 <= int(written[1]) <= 2999:
            raise InvalidInput("invalid_month", "write a month as YYYY-MM, such as 2025-07")
        return cls(int(written[1]), int(written[2]))

    @property
    def since(self) -> datetime:
        """Its first moment, in UTC."""
        return datetime(self.year, self.month, 1, tzinfo=MARKET_ZONE).astimezone(UTC)

    @property
    def before(self) -> datetime:
        """The first moment after it, in UTC."""
        return (Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)).since

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.year:04d}-{self.month:02d}"


def year_around(moment: datetime) -> tuple[datetime, datetime]:
    """The calendar year around a moment: its first moment and the first after it, in UTC."""
    year = moment.astimezone(MARKET_ZONE).year
    return Month(year, 1).since, Month(year + 1, 1).since
