"""Writes the client's operations, answers and bodies from the OpenAPI document: `python -m api.generator`."""
