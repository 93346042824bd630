"""The pages on rules that `driftline rules docs` writes: one per control, two indexes, and what is covered."""

from __future__ import annotations

from scanner.report.pages.examples import Example, find_examples
from scanner.report.pages.render import MARK, render_pages

__all__ = ["MARK", "Example", "find_examples", "render_pages"]
