"""Annotations that a pipeline reads from stdout: GitHub's workflow commands and the logging commands of Azure Pipelines.

Both show ten of a kind for each step and drop the rest, so the worst ten are written, or nine and how many there are besides.
What a waiver in force covers is only counted. The escapes are those that the agents undo: actions/runner, `ActionCommand.cs`,
and microsoft/azure-pipelines-agent, `CommandStringConvertor.cs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Final

from scanner.model.finding import Finding, Location
from scanner.model.result import Result
from scanner.model.verdict import Severity, Verdict
from scanner.report.finding_words import details, headline, place
from scanner.report.inert import shown

__all__ = ["render_azdo", "render_github"]

_ROOM: Final = 10
#: A runner cuts messages at 4,096 signs; a reader has had enough before.
_LONGEST: Final = 1000
_ORDER: Final = (Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN)


class Level(StrEnum):
    """How loud an annotation is, in GitHub's words; Azure Pipelines has no notice."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is told at a place, or at none."""

    level: Level
    rule: str
    title: str
    message: str
    location: Location | None = None


def render_github(result: Result) -> bytes:
    """`::error file=…,line=…,title=…::message`, a line each, and a summary."""
    return _rendered(result, _github, {level: level for level in Level})


def render_azdo(result: Result) -> bytes:
    """`##vso[task.logissue type=…;sourcepath=…;linenumber=…;code=…;]message`, a line each, and a summary."""
    return _rendered(result, _azdo, {**{level: level for level in Level}, Level.NOTICE: Level.WARNING})


def _rendered(result: Result, line: Callable[[Annotation], str], kinds: dict[Level, Level]) -> bytes:
    ordered = sorted(result.findings, key=lambda item: _ORDER.index(item.verdict))
    wanted = [item for item in ordered if not item.waived]
    by_level: dict[Level, list[Finding]] = {level: [] for level in Level if level in kinds.values()}
    for item in wanted:
        by_level[kinds[_level(item)]].append(item)
    told = chain.from_iterable(_limited(level, items) for level, items in by_level.items())
    return "".join(f"{text}\n" for text in (*map(line, told), f"driftline: {headline(result)}")).encode("utf-8", "replace")


def _level(item: Finding) -> Level:
    if item.verdict is Verdict.UNKNOWN:
        return Level.WARNING
    if item.verdict is Verdict.ERROR or item.severity.at_least(Severity.HIGH):
        return Level.ERROR
    return Level.WARNING if item.severity is Severity.MEDIUM else Level.NOTICE


def _limited(level: Level, items: list[Finding]) -> Iterator[Annotation]:
    """As many as are shown, and how many are not."""
    kept = items if len(items) <= _ROOM else items[: _ROOM - 1]
    yield from (_annotation(level, item) for item in kept)
    if len(kept) < len(items):
        yield Annotation(level, "", "driftline", f"{len(items) - len(kept)} more like these are in the reports")


def _annotation(level: Level, item: Finding) -> Annotation:
    state = "" if item.verdict is Verdict.FAIL else f"{item.verdict.value}: "
    head = f"{place(item.resource, item.subject, item.rule)}: {state}{shown(item.message, longest=400)}"
    message = "\n".join([head, *details(item)])
    short = message if len(message) <= _LONGEST else f"{message[: _LONGEST - 1]}…"
    title = shown(f"{item.severity.value.upper()} {item.rule} {item.title}", longest=200)
    return Annotation(level, shown(item.rule), title, short, item.location)


def _github(item: Annotation) -> str:
    properties = {"title": item.title}
    if item.location is not None:
        properties = {"file": shown(item.location.file), "line": str(max(1, item.location.line)), **properties}
    told = ",".join(f"{name}={_github_property(value)}" for name, value in properties.items())
    return f"::{item.level} {told}::{_github_data(item.message)}"


def _github_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _github_property(text: str) -> str:
    return _github_data(text).replace(":", "%3A").replace(",", "%2C")


def _azdo(item: Annotation) -> str:
    properties = {"type": item.level.value}
    if item.location is not None:
        properties |= {"sourcepath": shown(item.location.file), "linenumber": str(max(1, item.location.line))}
    if item.rule:
        properties["code"] = item.rule
    told = "".join(f"{name}={_azdo_escaped(value)};" for name, value in properties.items())
    return f"##vso[task.logissue {told}]{_azdo_escaped(f'{item.title}: {item.message}')}"


def _azdo_escaped(text: str) -> str:
    """For properties and messages alike, as the agent itself escapes."""
    escaped = text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(";", "%3B").replace("]", "%5D")
