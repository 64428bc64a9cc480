"""Running it for real: logs, metrics, traces, whether it is ready, and how it stops."""
