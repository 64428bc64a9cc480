"""Measuring the HTTP API beside a minimal application of the same libraries (`suanli bench api`)."""
