"""What a scan has to do with earlier ones: it is compared with one, then kept for later ones. What hinders this never costs the
results of the scan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from scanner.model.errors import DriftlineError, StoreError, StoreUnavailableError
from scanner.model.result import Result, Since

if TYPE_CHECKING:
    from scanner.rules.settings import Settings
    from scanner.store import Store

__all__ = ["LAST_STORED", "Past", "connect_store", "open_past"]

#: What `--only-new` names instead of a file.
LAST_STORED: Final = "store"


@dataclass(slots=True)
class Past:
    """An earlier result that was named, and the store; either may be missing."""

    url: str = ""
    keep_days: int = 0
    earlier: Result | None = None
    store: Store | None = None

    def compared(self, result: Result) -> Result:
        """The result with what changed since the earlier one, or since the last one in the store, and the trend."""
        if self.store is not None:
            try:
                result = self.store.with_history(result)
            except StoreError as error:
                _warn(f"no earlier scan is compared with: {error}")
        return result if self.earlier is None else replace(result, since=_since(self.earlier, result))

    def keep(self, result: Result) -> None:
        """Store the result. A store that could not be opened before the scan is tried again."""
        if not self.url:
            return
        try:
            self.store = self.store or connect_store(self.url)
            self.store.add(result, keep_days=self.keep_days)
        except StoreError as error:
            _warn(f"the scan is not stored: {error}")


def open_past(settings: Settings, only_new: str) -> Past:
    """Open what there is before the scan. A result that cannot be read, and a store that is refused, end the run here."""
    url = settings.store.value
    if only_new == LAST_STORED and not url:
        raise DriftlineError("--only-new store compares with the last scan in a store", hint="Name it: --store URL.")
    past = Past(url, settings.store_retention.value)
    if only_new and only_new != LAST_STORED:
        from scanner.report.result_reading import read_result

        past.earlier = read_result(Path(only_new))
    if url:
        try:
            past.store = connect_store(url)
        except StoreUnavailableError as error:
            _warn(f"the scan goes on without its history: {error}")
    return past


def connect_store(url: str, *, create: bool = True) -> Store:
    """The store at a URL, which keeps results as result.json. Raises `StoreError`."""
    from scanner.report.result_json import render_json
    from scanner.report.result_reading import parse_result
    from scanner.store import Codec, open_store

    return open_store(url, Codec(render_json, parse_result), create=create)


def _since(earlier: Result, result: Result) -> Since:
    from scanner.diff.results import compare_results

    diff = compare_results(earlier, result)
    for note in diff.notes:
        typer.echo(f"OLD is the result of --only-new, NEW this scan. {note}", err=True)
    return Since(earlier.scan.id, earlier.scan.started, tuple(item.told for item in diff.changes))


def _warn(message: str) -> None:
    typer.echo(f"driftline: warning: {message}", err=True)
