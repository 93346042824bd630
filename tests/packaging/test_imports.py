"""Every library that the package imports is declared by the project, and not only there by way of another or of the tests."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _foreign(module: str) -> bool:
    top = module.split(".", maxsplit=1)[0]
    return top != "scanner" and top not in sys.stdlib_module_names


def test_what_is_imported_is_declared(root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    names = [Requirement(text).name for text in project["dependencies"]]
    provided = {file.as_posix() for name in names for file in distribution(name).files or ()}
    imported = {module for file in (root / "scanner").rglob("*.py") for module in _imported(file) if _foreign(module)}
    undeclared = {module for module in imported if not _provides(provided, module.replace(".", "/"))}
    assert imported  # else the walk looks in the wrong place
    assert undeclared == set()


def _provides(files: set[str], module: str) -> bool:
    return f"{module}.py" in files or f"{module}/__init__.py" in files
