"""What can be asked of one round besides its figures: its prices under each rule, its hours."""

from dataclasses import dataclass, replace

from market.access.tenancy import schedule_seen_by
from market.clearing.repricing import RoundPricing, price_round
from market.clearing.schedule import Schedule, schedule_of
from market.clearing.snapshot import Horizon
from market.domain.catalogue import Catalogue
from market.domain.errors import NotFound
from market.domain.parties import Actor
from market.domain.policy import Policy
from market.domain.states import RoundState
from market.persistence.database import Database
from market.persistence.run_reader import runs_before, runs_of_round
from market.persistence.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """How the market stands: the policy in force, the round opened last, and the one whose prices are in force."""

    policy: Policy
    newest_round_id: str | None
    newest_landed_round_id: str | None


class RoundEnquiries:
    """Read-only desk for rounds. Safe between threads: each call has a session of its own."""

    _database: Database

    def standing(self) -> Standing:
        """How the market stands."""
        with self._database.reading() as session:
            work = Store(session)
            return Standing(
                work.access.policy(), work.rounds.newest_id(), work.rounds.newest_id(RoundState.LANDED)
            )

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

    def round_schedule(self, actor: Actor | None, round_id: str) -> Schedule:
        """A landed round hour by hour, as it landed, on the catalogue of today."""
        with self._database.reading() as session:
            work = Store(session)
            landed = work.rounds.get(round_id)
            if landed is None or landed.state is not RoundState.LANDED:
                raise NotFound("not_found", f"no landed round {round_id} to show the hours of")
            granted, before = runs_of_round(session, round_id), runs_before(session, landed)
            catalogue = Catalogue(work.regions(), work.nodes(), work.devices(), work.offerings(), ())
        horizon = Horizon(landed.starts_at, landed.slots)
        return schedule_seen_by(actor, schedule_of(catalogue, horizon, granted, before))
