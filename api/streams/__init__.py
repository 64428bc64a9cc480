"""What is told as it happens: the log of events, and a round as it is solved."""
