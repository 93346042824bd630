"""Outlets for people and machines: each format is one small module over the same result; none decides anything."""
