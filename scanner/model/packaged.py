"""Where the data that ships with driftline lies (rules, baselines, layouts): alike in a checkout and an installed wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["packaged"]

_PACKAGE = Path(__file__).resolve().parent.parent


def packaged(*parts: str) -> Path:
    """The path of shipped data, for example `packaged("rules", "defaults.yaml")`.

    A wheel carries the top-level data folders in `scanner/shipped/`; a checkout has them beside the package.
    """
    shipped = _PACKAGE / "shipped"
    return (shipped if shipped.is_dir() else _PACKAGE.parent).joinpath(*parts)
