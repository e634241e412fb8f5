"""Benchmarks of the hot paths against a real server on a real, durable PostgreSQL. `python -m benchmarks --help`."""
