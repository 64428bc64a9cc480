"""Money besides orders: deposits, payouts, limits, voucher pools."""

from market.desks.desk import Desk


class TreasuryDesk(Desk):
    """Moves money into, out of and around the exchange."""
