"""The life of what was granted, and the passing of time."""
