"""Waivers: accepted failures, each with an owner, a reason and a last day; compiled once and found by rule."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from scanner.language.context import did_you_mean
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.resource_id import normalise
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.rules.rule_set import RuleSet
from scanner.rules.shapes import WaiverShape, hold_against

__all__ = ["Waiver", "compile_glob", "load_waivers"]

Json = Any
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of a waivers file, with the ids of the rules that it names and where it stands."""

    rule: str
    rules: tuple[str, ...]
    resource: str
    subject: str
    owner: str
    reason: str
    ticket: str
    expires: dt.date
    accepts: str
    file: str
    line: int

    def covers(self, resource_id: str, subject: str) -> bool:
        """Whether both globs take it in. A lone `*` takes in every subject, those that are ids too."""
        return self.covers_resource(resource_id) and (self.subject == "*" or _matches(self.subject.lower(), subject.lower()))

    def covers_resource(self, resource_id: str) -> bool:
        """Whether the resource glob takes it in, however Azure spells the id."""
        return _matches(normalise(self.resource), normalise(resource_id))

    def in_force(self, today: dt.date) -> bool:
        """A waiver holds through its last day (UTC)."""
        return today <= self.expires


def load_waivers(files: Iterable[Path], rule_set: RuleSet) -> tuple[Waiver, ...]:
    """The waivers of all files; `rule_set` is the whole one. Raises `ConfigurationError` with every fault."""
    faults: list[Fault] = []
    found: list[Waiver] = []
    known = _rules_by_word(rule_set)
    for path in files:
        file = load_yaml(path, faults, plain_dates=True)
        if file is not None and file.data is not None:
            found.extend(_read(file, known, faults))
    faults.extend(_repeated(found))
    if faults:
        raise ConfigurationError(faults)
    return tuple(found)


@lru_cache(maxsize=4096)
def compile_glob(glob: str) -> re.Pattern[str]:
    """`*` stays within a segment, `**` crosses; all else stands for itself."""
    parts = re.split(r"(\*+)", glob)
    wild = {"*": "[^/]*", "**": ".*"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _matches(glob: str, text: str) -> bool:
    return compile_glob(glob).fullmatch(text) is not None


def _rules_by_word(rule_set: RuleSet) -> dict[str, tuple[str, ...]]:
    """The rule ids behind each word that a waiver may name: a rule, a control, a former id."""
    words: dict[str, set[str]] = {}
    for rule in rule_set.rules:
        for word in (rule.id, rule.control):
            words.setdefault(word.upper(), set()).add(rule.id)
    for former, present in rule_set.redirects.items():
        words.setdefault(former.upper(), set()).update(words.get(present.upper(), ()))
    return {word: tuple(sorted(ids)) for word, ids in words.items()}


def _read(file: YamlFile, known: Mapping[str, tuple[str, ...]], faults: list[Fault]) -> Iterator[Waiver]:
    if not isinstance(file.data, list):
        faults.append(file.fault((), "is a list of waivers: begin each with a dash"))
        return
    for at, data in enumerate(file.data):
        shape = hold_against(WaiverShape, file, faults, data=data, at=(at,))
        if shape is None:
            continue
        wrong = list(_faults(shape, data, at, file, known))
        faults.extend(wrong)
        if not wrong:
            yield Waiver(
                shape.rule, known[shape.rule.upper()], shape.resource, shape.subject, shape.owner, shape.reason, shape.ticket,
                shape.expires, shape.accepts, file.name, file.line((at,)),
            )  # fmt: skip


def _faults(shape: WaiverShape, data: Json, at: int, file: YamlFile, known: Mapping[str, tuple[str, ...]]) -> Iterator[Fault]:
    if shape.rule.upper() not in known:
        yield file.fault((at, "rule"), f'no rule or control is called "{shape.rule}"{did_you_mean(shape.rule.upper(), known)}')
    for name in ("owner", "reason"):
        if not getattr(shape, name).strip():
            yield file.fault((at, name), f'"{name}" is empty: a waiver says who accepts the failure and why')
    if not (isinstance(data["expires"], str) and _DAY.fullmatch(data["expires"])):
        yield file.fault((at, "expires"), '"expires" is a day such as 2027-01-31')
    for name, glob in (("resource", shape.resource), ("subject", shape.subject)):
        wrong = _glob_fault(glob, rooted=name == "resource")
        if wrong:
            yield file.fault((at, name), f'"{glob}" is no glob: {wrong}')


def _glob_fault(glob: str, *, rooted: bool) -> str:
    if not glob.strip():
        return "it is empty; ** takes in everything"
    if "***" in glob:
        return "* stays within a segment and ** crosses segments; three mean nothing"
    if rooted and "?" in glob:
        return "* and ** are the only wildcards"
    if rooted and not glob.startswith(("/", "**")):
        return "it begins with / or **, such as **/sites/app-legacy"
    return ""


def _repeated(waivers: Iterable[Waiver]) -> Iterator[Fault]:
    seen: dict[tuple[tuple[str, ...], str, str, str], Waiver] = {}
    for item in waivers:
        first = seen.setdefault((item.rules, normalise(item.resource), item.subject.lower(), item.accepts), item)
        if first is not item:
            yield Fault(item.file, item.line, f"the same is already waived in {first.file}:{first.line}: keep one of them")
