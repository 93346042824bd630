"""The live source: Azure Resource Manager and Resource Graph, through Azure's own clients; imports them when it first reads."""

from __future__ import annotations

from scanner.sources.azure.options import AzureOptions
from scanner.sources.azure.source import AzureSource

__all__ = ["AzureOptions", "AzureSource"]
