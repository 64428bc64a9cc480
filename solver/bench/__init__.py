"""Benchmarks as code: markets, traces, rivals, result files and their report. Nothing here is needed to clear a market."""
