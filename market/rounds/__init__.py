"""The steps of a round on the market, its checks before landing, and forecasts of it."""
