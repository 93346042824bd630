"""The protocol by which resources arrive, whether from live Azure, a file, a template or the simulator over HTTPS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from scanner.model.finding import Location
from scanner.model.read_plan import ReadPlan
from scanner.model.snapshot import Snapshot

__all__ = ["DividedSource", "LaggingSource", "LocatedSource", "Progress", "RequestCounts", "Source"]


@dataclass(slots=True)
class RequestCounts:
    """How many HTTP requests a source made, how many again, how many because it was throttled."""

    total: int = 0
    retried: int = 0
    throttled: int = 0


class Progress(Protocol):
    """Told how far a source is: a phase in words, steps done, steps known so far."""

    def __call__(self, phase: str, done: int, total: int) -> None: ...


class Source(Protocol):
    """Yields one indexed snapshot per scan unit, so that nothing holds the whole tenant; judges nothing.

    `complete` is false after an interruption: what was not read by then has no read and is unknown. Raises `SourceError`
    when nothing can be asked at all, `SnapshotError` for a file that cannot be trusted.
    """

    kind: str
    scopes: tuple[str, ...]
    complete: bool
    requests: RequestCounts

    def snapshots(self, plan: ReadPlan) -> Iterator[Snapshot]: ...


@runtime_checkable
class LaggingSource(Source, Protocol):
    """A source that reads from an index which may lag behind. `read_again` reads of the resources named those that came from it
    directly, and gives the unit under way anew; None where none did. It is asked while `snapshots` is at that unit.
    """

    def read_again(self, resource_ids: Iterable[str]) -> Snapshot | None: ...


@runtime_checkable
class LocatedSource(Source, Protocol):
    """A source whose resources are written in files: `locate` tells where one is, or a member of it by its path."""

    def locate(self, resource_id: str, path: str) -> Location | None: ...


@runtime_checkable
class DividedSource(Source, Protocol):
    """A source whose units can be read in any order, in processes of their own: each call reads one."""

    def divided(self) -> AbstractContextManager[Sequence[Callable[[], Snapshot]]]: ...
