"""Tries a plan on a simulator that holds the user's own snapshot, judges what came of it, and undoes it again."""
