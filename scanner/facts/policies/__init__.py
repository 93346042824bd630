"""Azure Policy: which policies of the baseline are in force at a scope, and what Azure finds there."""
