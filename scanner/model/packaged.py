"""Where the data that ships with driftline lies (rules, baselines, layouts): alike in a checkout and an installed wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["packaged", "shown_path"]

_PACKAGE = Path(__file__).resolve().parent.parent


def packaged(*parts: str) -> Path:
    """The path of shipped data, for example `packaged("rules", "defaults.yaml")`.

    A wheel carries the top-level data folders in `scanner/shipped/`; a checkout has them beside the package.
    """
    shipped = _PACKAGE / "shipped"
    return (shipped if shipped.is_dir() else _PACKAGE.parent).joinpath(*parts)


def shown_path(path: Path) -> str:
    """A path as people know it: from the working directory where it lies below it, else from the shipped data, else whole."""
    resolved = path.resolve()
    for base in (Path.cwd(), packaged()):
        if resolved.is_relative_to(base):
            return resolved.relative_to(base).as_posix()
    return str(path)
