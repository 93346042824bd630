"""Templates as a source: what a deployment would leave behind, or what Azure predicts of it, as if it had been read."""

from __future__ import annotations

from scanner.sources.template.source import TemplateOptions, TemplateSource
from scanner.sources.template.what_if import WhatIfSource

__all__ = ["TemplateOptions", "TemplateSource", "WhatIfSource"]
