"""The formats that a plan is rendered in, each with what renders it: file names and their bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scanner.remediation.plan import Plan
from scanner.remediation.renderers.arm import render_arm
from scanner.remediation.renderers.az import render_az
from scanner.remediation.renderers.powershell import render_powershell
from scanner.remediation.renderers.terraform import render_terraform

__all__ = ["RENDERERS"]

RENDERERS: Final[dict[str, Callable[[Plan], dict[str, bytes]]]] = {
    "az": render_az,
    "arm": render_arm,
    "powershell": render_powershell,
    "terraform": render_terraform,
}
