"""That reports of providers are heard here: no duty, but held like one, by all who serve the API together."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.duties.leadership import Term
from market.persistence.claims import ClaimName


class Listening:
    """Whoever keeps time and serves nobody looks whether anybody holds this (`market.running.listened`)."""

    name = ClaimName.LISTENING

    @contextmanager
    def led(self, _term: Term) -> Iterator[None]:
        """Nothing more is to be done."""
        yield
