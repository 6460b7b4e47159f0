"""Benchmarks: each prints ratios measured in one run, against the budgets of the design."""
