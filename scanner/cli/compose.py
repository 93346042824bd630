"""Puts a run together from its options: settings, baseline, rules, source; and writes what comes out."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from scanner.model.errors import DriftlineError
from scanner.model.resource_id import ResourceId
from scanner.sources.azure.options import AzureOptions

if TYPE_CHECKING:
    from scanner.model.result import Result
    from scanner.model.snapshot import Snapshot
    from scanner.model.source import Progress, Source
    from scanner.rules import Baseline, RuleSet
    from scanner.rules.settings import Settings
    from scanner.rules.shapes import WorkloadShape
    from scanner.rules.waivers import Waiver

__all__ = [
    "Drawing",
    "Judging",
    "SourceOptions",
    "kept",
    "moment_of",
    "open_source",
    "progress_line",
    "set_up_logging",
    "settle",
    "shared_subscriptions",
    "show",
    "show_drawn",
    "show_text",
    "terminal_width",
    "write_private",
]


class Drawing(Protocol):
    """What makes a text for a terminal."""

    def __call__(self, *, width: int, colour: bool, ascii_only: bool) -> str: ...


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Which source was asked for, and how to reach it."""

    live: AzureOptions = field(default_factory=AzureOptions)
    snapshot: Path | None = None
    assume_complete: bool = False
    simulate: str = ""
    template: Path | None = None
    parameters: Path | None = None
    what_if: Path | None = None
    location: str = ""


@dataclass(frozen=True, slots=True)
class Judging:
    """What a run judges by."""

    settings: Settings
    baseline: Baseline
    rule_set: RuleSet
    waivers: tuple[Waiver, ...] = ()


def settle(config: Path | None, given: Mapping[str, Any], only: list[str] | None, skip: list[str] | None) -> Judging:
    """Settings, baseline and rules. Raises `ConfigurationError` with every fault."""
    from scanner.facts import FACT_PATHS
    from scanner.rules import load_baseline, load_rules
    from scanner.rules.evidence import evidence_files, load_evidence, with_evidence
    from scanner.rules.settings import load_settings
    from scanner.rules.waivers import load_waivers
    from scanner.rules.workloads import hold_workloads

    settings = load_settings(config, given, os.environ)
    baseline = load_baseline(settings.baseline.value, settings.environment.value)
    hold_workloads(settings, baseline)
    directories = [Path(item) for item in settings.rules.value]
    rule_set = load_rules(directories, baseline, fact_paths=FACT_PATHS)
    waivers = load_waivers([Path(item) for item in settings.waivers.value], rule_set)
    files, idle = evidence_files([Path(item) for item in settings.evidence.value])
    for pattern in idle:
        print(f"driftline: {pattern}: no file of evidence is there", file=sys.stderr)  # noqa: T201  # messages go to stderr
    judged_by = with_evidence(baseline, load_evidence(files))
    return Judging(settings, judged_by, rule_set.select(only or [], skip or []), waivers)


@contextmanager
def open_source(options: SourceOptions, progress: Progress | None, now: datetime) -> Iterator[Source]:
    """The source that the options name; exactly one must be named."""
    _hold_one_source(options)
    with ExitStack() as stack:
        if options.template is not None or options.what_if is not None:
            yield _template(options, now)
        elif options.snapshot is not None:
            from scanner.sources.snapshot_file import SnapshotFileSource

            yield SnapshotFileSource(options.snapshot, assume_complete=options.assume_complete)
        elif options.simulate:
            yield stack.enter_context(_simulated(options, progress, now))
        else:
            yield _live(replace(options.live, now=now), progress)


@contextmanager
def kept(path: Path | None, source: Source) -> Iterator[Callable[[Snapshot], None] | None]:
    """What keeps each snapshot of a scan in a file, where one is named."""
    if path is None:
        yield None
        return
    from scanner.sources.snapshot_file import snapshot_file

    with snapshot_file(path, complete=lambda: source.complete) as add:
        yield add


def _hold_one_source(options: SourceOptions) -> None:
    """Exactly one source is named. With a template, the live options say where it goes."""
    written = options.template or options.what_if
    named = (
        ("--subscription or --management-group", not written and (options.live.subscriptions or options.live.management_group)),
        ("--snapshot", options.snapshot),
        ("--simulate", options.simulate),
        ("--template" if options.template else "--what-if", written),
    )
    chosen = [name for name, value in named if value]
    if len(chosen) != 1:
        asked = "no source is named" if not chosen else f"{' and '.join(chosen)} exclude each other"
        known = "--subscription ID, --management-group ID, --snapshot FILE, --template FILE or --simulate STATE"
        raise DriftlineError(asked, hint=f"Name one: {known}.")
    if not options.template and (options.parameters or options.location):
        raise DriftlineError("--parameters and --location say how a template is deployed", hint="Name it with --template FILE.")


def _template(options: SourceOptions, now: datetime) -> Source:
    from scanner.sources.template import TemplateOptions, TemplateSource, WhatIfSource

    if options.what_if is not None:
        return WhatIfSource(options.what_if)
    assert options.template is not None
    live = options.live
    for values, option in ((live.subscriptions, "--subscription"), (live.resource_groups, "--resource-group")):
        if len(values) > 1:
            raise DriftlineError(f"a template is deployed to one place, and {option} is given {len(values)} times")
    place = TemplateOptions(
        options.template, options.parameters, next(iter(live.subscriptions), ""), next(iter(live.resource_groups), ""),
        live.management_group, options.location,
    )  # fmt: skip
    return TemplateSource(place, now)


@contextmanager
def _simulated(options: SourceOptions, progress: Progress | None, now: datetime) -> Iterator[Source]:
    from scanner.simulator import start_simulator

    with start_simulator(options.simulate, now=now) as simulator, _environment(simulator.environment()):
        here = replace(
            options.live, subscriptions=simulator.subscriptions, arm_endpoint=simulator.endpoint, authority=simulator.authority,
            ca_file=simulator.ca_file, now=now,
        )  # fmt: skip
        yield _live(here, progress)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables that the default credential chain reads, for the time of a scan."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _live(options: AzureOptions, progress: Progress | None) -> Source:
    from scanner.sources.azure import AzureSource

    return AzureSource(options, progress=progress)


def shared_subscriptions(workloads: Iterable[WorkloadShape]) -> tuple[frozenset[str], ...]:
    """The sets of subscriptions that share a workload and so must be judged together."""
    found = (frozenset(ResourceId.parse(scope).subscription for scope in item.scopes) for item in workloads)
    return tuple(group for group in found if len(group) > 1)


@contextmanager
def progress_line(*, wanted: bool) -> Iterator[Progress | None]:
    """A progress line on stderr, where it is a terminal and wanted."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=None)

        def update(phase: str, done: int, total: int) -> None:
            bar.update(task, description=phase, completed=done, total=total or None)

        yield update


def moment_of(now: datetime | None) -> datetime:
    """The clock of a run: the pinned time in UTC, or the time it is."""
    return datetime.now(UTC) if now is None else now.replace(tzinfo=UTC) if now.tzinfo is None else now.astimezone(UTC)


def show(result: Result) -> None:
    """Print the summary on stdout, fitted to the terminal."""
    from scanner.report.terminal import render_terminal

    show_drawn(partial(render_terminal, result))


def show_drawn(draw: Drawing) -> None:
    """Print on stdout what is drawn for a width, in colour or not, in ASCII alone or not."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    encoding = (sys.stdout.encoding or "ascii").lower()
    sys.stdout.write(draw(width=terminal_width(), colour=colour, ascii_only="utf" not in encoding))


def show_text(text: str) -> None:
    """Print a text on stdout; signs that it cannot take become question marks."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def terminal_width() -> int:
    """The columns that a text may take: 80 where stdout is no terminal."""
    import shutil

    return min(shutil.get_terminal_size((80, 24)).columns, 120) if sys.stdout.isatty() else 80


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, as a whole or not at all."""
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise DriftlineError(f"{path} cannot be written: {error.strerror}") from error


def set_up_logging(*, verbose: bool, log_file: Path | None) -> None:
    """Log driftline's own words; Azure's libraries only warn, for their debug logs hold headers and bodies."""
    handlers: list[logging.Handler] = []
    if verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    if log_file is not None:
        try:
            handlers.append(logging.FileHandler(log_file, encoding="utf-8"))
        except OSError as error:
            raise DriftlineError(f"{log_file} cannot be written: {error.strerror}") from error
    logging.basicConfig(level=logging.WARNING, handlers=handlers or [logging.NullHandler()], force=True)
    logging.getLogger("scanner").setLevel(logging.DEBUG)
