"""Couriers: what carries events to webhooks, in the background of a server."""
