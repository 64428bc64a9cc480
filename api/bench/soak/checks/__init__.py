"""What must hold of a market at any moment: plain SQL and plain arithmetic, nothing of the exchange's own accounting."""
