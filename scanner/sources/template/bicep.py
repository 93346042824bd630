"""Bicep files, built by the installed compiler; driftline brings none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from scanner.model.errors import DriftlineError
from scanner.templates import TemplateFile, parse_template, read_template

__all__ = ["built_template"]

_SECONDS: Final = 300
_HINT: Final = (
    "Install one (az bicep install, or the bicep command), or build the file elsewhere (bicep build FILE) and give the JSON."
)


def built_template(path: Path) -> TemplateFile:
    """The template of a file, built first where it is Bicep. Raises `ConfigurationError` and `DriftlineError`."""
    if path.suffix.lower() != ".bicep":
        return read_template(path)
    if not path.is_file():
        raise DriftlineError(f"{path} cannot be read: there is no such file")
    command = _compiler(path)
    try:
        built = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603  # a list, no shell
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DriftlineError(f"{command[0]} cannot build {path}: {error}", hint=_HINT) from error
    if built.returncode:
        raise DriftlineError(f"{path} does not build:\n{built.stderr.strip()[-2000:]}")
    return parse_template(built.stdout, path.name)


def _compiler(path: Path) -> list[str]:
    if bicep := shutil.which("bicep"):
        return [bicep, "build", str(path), "--stdout"]
    if az := shutil.which("az"):
        return [az, "bicep", "build", "--file", str(path), "--stdout"]
    raise DriftlineError(f"{path} is Bicep, and there is no Bicep compiler here", hint=_HINT)
