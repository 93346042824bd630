"""Comparisons, pure and typed: what stands in two snapshots, property by property; what two results say, verdict by verdict."""
