"""From the bodies of orders to the market and back: one, a batch, ten thousand lines."""
