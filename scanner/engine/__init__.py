"""Judges: rules against resources and facts, in three-valued logic; plans what must be read for it; runs a scan."""
