"""Webhooks: how they are signed, and where they may point."""
