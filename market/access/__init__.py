"""Who may do and see what: keys, when they were used, whose is what."""
