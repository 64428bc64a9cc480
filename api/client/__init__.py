"""Talking to an exchange over HTTP, as the command line and the demo do. Imports no server code."""
