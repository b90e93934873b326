"""Benchmarks: ratios between two ways of doing the same, measured in one run on one machine."""
