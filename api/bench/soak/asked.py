"""What a soak is to be: how much of a day, how fast, how large, and what it runs on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from market.domain.clock import MARKET_ZONE, RunningClock

DAY = datetime(2025, 7, 16, tzinfo=MARKET_ZONE)
WHOLE_DAY = timedelta(hours=24)
LEAD = timedelta(hours=1)
"""Orders come in during the hour before they may start; so the day begins an hour before midnight."""
BUSY_FROM = timedelta(hours=9)
"""What is shorter than a day begins here, in the middle of demand."""
USUAL_SPEED = 75.0
"""Virtual over real time where the whole day is not asked for: a round every four seconds."""
ROUND_EVERY = timedelta(minutes=5)
UPKEEP_EVERY = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Asked:
    """One soak. `database_url`: an empty database; None: a PostgreSQL server of the soak's own, or new SQLite files."""

    orders: int = 5_000
    clients: int = 32
    minutes: float = 3.0
    seed: int = 1
    database_url: str | None = None
    sqlite: bool = False
    hosts: bool = False
    """Servers and the database on hosts of their own, one of which is cut off: network namespaces."""
    servers: int = 2
    workers: int = 2
    solver_seconds: float = 2.0
    faults_of_each: int = 2
    checkpoints: int = 4

    @property
    def length(self) -> timedelta:
        """How much of the day is lived through."""
        return min(WHOLE_DAY, timedelta(minutes=self.minutes) * USUAL_SPEED)

    @property
    def speed(self) -> float:
        """How many times as fast as real time."""
        return self.length / timedelta(minutes=self.minutes)

    @property
    def starts_at(self) -> datetime:
        """The first virtual moment, UTC."""
        whole = self.length >= WHOLE_DAY
        return (DAY - LEAD if whole else DAY + BUSY_FROM - LEAD).astimezone(UTC)

    @property
    def first_hour(self) -> int:
        """The first hour of the day whose orders come in."""
        return (self.starts_at + LEAD - DAY) // timedelta(hours=1)

    @property
    def hours(self) -> float:
        """The same as `length`, in hours."""
        return self.length / timedelta(hours=1)

    def clock(self, since: datetime) -> RunningClock:
        """The clock of all processes, from a real moment on."""
        return RunningClock(since, self.starts_at, self.speed)

    def command(self) -> str:
        """The command as a person would repeat it; where the database was is left to them."""
        where = (
            " --netns"
            if self.hosts
            else " --sqlite"
            if self.sqlite
            else " --database URL"
            if self.database_url
            else ""
        )
        return (
            f"suanli bench soak --orders {self.orders} --clients {self.clients} --minutes {self.minutes:g} "
            f"--faults {self.faults_of_each} --checkpoints {self.checkpoints} --seed {self.seed}{where}"
        )
