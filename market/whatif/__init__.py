"""What if: the same book cleared in another market, and past rounds cleared again. Nothing of it is stored as real."""
