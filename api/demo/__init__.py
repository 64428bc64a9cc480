"""The demonstration: a day of the east-west market, from nothing to figures, through the HTTP API."""
