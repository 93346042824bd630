"""Puts the data folders into the wheel, where `scanner.model.packaged` finds them; an editable install reads them in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("rules", "baselines", "reports", "remediation")


class ShippedData(BuildHookInterface[BuilderConfig]):
    """Adds each data folder that exists as `scanner/shipped/<folder>`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        for folder in FOLDERS:
            if (Path(self.root) / folder).is_dir():
                build_data["force_include"][folder] = f"scanner/shipped/{folder}"
