"""Renderers of a plan: one module per format; layouts stand in `remediation/`, and what a value becomes is decided here."""
