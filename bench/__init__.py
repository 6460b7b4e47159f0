"""Benchmarks: each prints ratios that are measured in one run, beside their budgets."""
