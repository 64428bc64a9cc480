"""Catalogues and days of demand, read from CSV and drawn from seeded tables."""
