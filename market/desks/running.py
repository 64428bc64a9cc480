"""What runs: reports of providers, nodes that fail, and the passing of time."""

from market.desks.desk import Desk


class RunningDesk(Desk):
    """Follows what was granted to its end."""
