"""What can be asked of one round besides its figures: what it comes to under each pricing rule."""

from dataclasses import replace

from market.clearing.repricing import RoundPricing, price_round
from market.domain.errors import NotFound
from market.domain.parties import Actor
from market.domain.states import RoundState
from market.persistence.database import Database
from market.persistence.store import Store


class RoundEnquiries:
    """Read-only desk for rounds. Safe between threads: each call has a session of its own."""

    _database: Database

    def round_pricing(self, actor: Actor | None, round_id: str) -> RoundPricing:
        """A landed round under every pricing rule: the sums for everybody, each allocation for the operator."""
        with self._database.reading() as session:
            work = Store(session)
            landed, record = work.rounds.get(round_id), work.rounds.record(round_id)
            if landed is None or landed.state is not RoundState.LANDED or record is None:
                raise NotFound("not_found", f"no landed round {round_id} to price")
            granted = work.rounds.allocations_of_round(round_id)
        priced = price_round(landed, record.problem_npz, record.clearing_npz, record.names, granted)
        if actor is not None and actor.sees_everything:
            return priced
        return replace(priced, allocations=())
