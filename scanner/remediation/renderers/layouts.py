"""The layouts in `remediation/`: Jinja2 files, in which every value passes a filter that quotes it for its language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from scanner.model.packaged import packaged

__all__ = ["layout"]


def layout(folder: str, name: str, filters: Mapping[str, Callable[..., str]]) -> Template:
    """A layout of one format with its quoting filters."""
    environment = Environment(  # noqa: S701  # none of it is HTML: the filters quote
        loader=FileSystemLoader(packaged("remediation", folder)), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters.update(filters)
    return environment.get_template(name)
