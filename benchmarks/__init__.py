"""How quick stj-audit is, measured against what people use otherwise: `python -m benchmarks`, or `make bench`."""
