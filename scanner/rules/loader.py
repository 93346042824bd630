"""Loads rule directories: files held against their shapes, the path table, the baseline and each other, all faults in one run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scanner.language.conditions import compile_condition
from scanner.language.context import ConditionContext, compile_template, did_you_mean
from scanner.language.expressions import is_expression
from scanner.language.messages import compile_message
from scanner.language.paths import PathError, compile_path
from scanner.language.scope import Default, Uses
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.packaged import packaged, shown_path
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.rules.baseline import Baseline
from scanner.rules.compiling import FactPaths, Knowledge, type_fault
from scanner.rules.fixes import compile_fix
from scanner.rules.rule import Each, Rule, Target, UnknownWhen
from scanner.rules.rule_set import RuleSet
from scanner.rules.shapes import RuleShape, TargetShape, hold_against
from scanner.rules.shared import SHARED_FILES, hold_redirects, load_defaults, load_shared

__all__ = ["load_rules", "shipped_defaults", "shipped_rules"]

Json = Any


def shipped_rules() -> Path:
    """The directory of the rules that driftline ships."""
    return packaged("rules")


def shipped_defaults() -> Mapping[tuple[str, str], Default]:
    """What Azure assumes for absent properties, as driftline ships it. Raises `ConfigurationError`."""
    faults: list[Fault] = []
    found = load_defaults([shipped_rules()], partial(_load, faults=faults, digest=hashlib.sha256()), faults)
    if faults:
        raise ConfigurationError(faults)
    return found


def load_rules(
    directories: Sequence[Path], baseline: Baseline | None = None, *, fact_paths: FactPaths | None = None, shipped: bool = True
) -> RuleSet:
    """Load the shipped rules and those of more directories. Raises `ConfigurationError` with every fault.

    With a baseline, its parameters, components and tables are known names. `fact_paths` are the kinds by path of fact types.
    """
    faults: list[Fault] = []
    folders = [shipped_rules(), *directories] if shipped else [*directories]
    digest = hashlib.sha256()
    shared = load_shared(folders, partial(_load, faults=faults, digest=digest), faults, fact_paths or {})
    rules: dict[str, tuple[Rule, YamlFile]] = {}
    ids: set[str] = set()
    for file in _rule_files(folders, faults, digest):
        ids.update(_stated_id(file))
        rule = _load_rule(file, shared.knowledge, faults, baseline)
        if rule is not None and rule.id in rules:
            faults.append(file.fault(("id",), f"the id {rule.id} is taken by {rules[rule.id][0].file}"))
        elif rule is not None:
            rules[rule.id] = rule, file
    hold_redirects(shared, ids, faults)
    for rule, file in rules.values():
        _hold_against_others(rule, file, ids, shared.redirects, faults)
    if faults:
        raise ConfigurationError(faults)
    loaded = tuple(_redirected(rules[name][0], shared.redirects) for name in sorted(rules))
    return RuleSet(loaded, shared.relations, digest.hexdigest()[:16], shared.redirects, shared.glossary)


def _stated_id(file: YamlFile) -> Iterator[str]:
    """The id in a file, be the rule faulty or not: what names it is right."""
    if isinstance(file.data, dict) and isinstance(file.data.get("id"), str):
        yield file.data["id"]


def _hold_against_others(rule: Rule, file: YamlFile, ids: set[str], redirects: Mapping[str, str], faults: list[Fault]) -> None:
    after, pending = (rule.fix.after, rule.fix.pending) if rule.fix is not None else ((), ())
    named = ((("consequence_of",), rule.consequence_of), (("fix", "after"), after), (("fix", "pending"), pending))
    for pointer, names in named:
        for at, name in enumerate(names):
            if redirects.get(name, name) == rule.id:
                faults.append(file.fault((*pointer, at), f"{rule.id} cannot come after itself"))
            elif name not in ids and name not in redirects:
                faults.append(file.fault((*pointer, at), f'no rule has the id "{name}"{did_you_mean(name, ids)}'))


def _redirected(rule: Rule, redirects: Mapping[str, str]) -> Rule:
    fix = rule.fix
    if not redirects or not (rule.consequence_of or (fix is not None and (fix.after or fix.pending))):
        return rule
    if fix is not None:
        after, pending = (tuple(redirects.get(name, name) for name in names) for names in (fix.after, fix.pending))
        fix = replace(fix, after=after, pending=pending)
    return replace(rule, consequence_of=tuple(redirects.get(name, name) for name in rule.consequence_of), fix=fix)


def _rule_files(folders: Sequence[Path], faults: list[Fault], digest: Any) -> Iterator[YamlFile]:
    for folder in folders:
        if not folder.is_dir():
            faults.append(Fault(str(folder), 0, "is no directory of rules"))
            continue
        for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
            inside = path.relative_to(folder)
            if inside.as_posix() in SHARED_FILES or inside.parts[0] == "tests":
                continue
            if path.suffix == ".yml":
                faults.append(Fault(shown_path(path), 0, "is passed over: name it .yaml"))
                continue
            file = _load(path, faults, digest)
            if file is not None:
                yield file


def _load(path: Path, faults: list[Fault], digest: Any) -> YamlFile | None:
    file = load_yaml(path, faults, name=shown_path(path))
    if file is not None:
        digest.update(path.read_bytes())
    return file


def _load_rule(file: YamlFile, knowledge: Knowledge, faults: list[Fault], baseline: Baseline | None) -> Rule | None:
    before = len(faults)
    shape = hold_against(RuleShape, file, faults)
    if shape is None:
        return None
    types = _list(shape.target.type)
    if not types:
        faults.append(file.fault(("target", "type"), "a rule targets at least one type"))
    checked = shape.target.paths == "checked"
    for name in types if checked else ():
        wrong = type_fault(name, knowledge.fact_paths)
        if wrong:
            faults.append(file.fault(("target", "type"), wrong))
    context = knowledge.context(file, faults, types, checked=checked, defaults=shape.defaults == "on")
    mending = replace(context, uses=Uses())  # what only a fix refers to need not be collected
    # What an answer leaves out must not take a resource out of a rule's sight.
    narrowing = replace(context, absent_unknown=True)
    where = compile_condition(shape.target.where, narrowing, ("target", "where")) if shape.target.where is not None else None
    rule = Rule(
        id=shape.id,
        control=shape.control or shape.id,
        name=shape.name or Path(file.name).stem,
        title=shape.title,
        severity=shape.severity,
        family=shape.id.partition("-")[0].lower(),
        pillar=shape.pillar,
        section=shape.section,
        rationale=shape.rationale,
        help=shape.help,
        frameworks=shape.frameworks,
        target=Target(types, where, shape.target.component, _each(shape.target, context), shape.target.name),
        unknown_when=_unknown_when(shape, context),
        assertion=compile_condition(shape.assertion, context, ("assert",)),
        message=compile_message(shape.message or shape.title, context, ("message",)),
        consequence_of=tuple(shape.consequence_of),
        fix=compile_fix(shape.fix, file, faults, mending),
        file=file.name,
        uses=context.uses,
        written=file.data,
    )
    if baseline is not None:
        _hold_against_baseline(rule, (rule.uses, mending.uses), file, faults, baseline)
    return rule if len(faults) == before else None


def _unknown_when(shape: RuleShape, context: ConditionContext) -> tuple[UnknownWhen, ...]:
    stated = shape.unknown_when
    at = ("unknown_when",)
    placed = [((*at, position), item) for position, item in enumerate(stated)] if isinstance(stated, list) else [(at, stated)]
    return tuple(
        UnknownWhen(
            compile_condition(item.condition, context, (*pointer, "condition")),
            compile_message(item.reason, context, (*pointer, "reason")),
        )
        for pointer, item in placed
    )


def _each(target: TargetShape, context: ConditionContext) -> Each | None:
    at = ("target", "each")
    if not target.each:
        return None
    if is_expression(target.each):
        return Each(target.each, None, compile_template(target.each, context, at))
    try:
        path = compile_path(target.each)
    except PathError as error:
        context.fault(at, str(error))
        return None
    wrong = context.path_fault(context.types, target.each)
    if not wrong and not path.wild:
        wrong = f"each takes the path of elements: {target.each}[*], or {target.each}.* for the values of a map"
    if wrong:
        context.fault(at, wrong)
    return Each(target.each, path, None)


def _hold_against_baseline(rule: Rule, uses: Iterable[Uses], file: YamlFile, faults: list[Fault], baseline: Baseline) -> None:
    own = {rule.target.component} if rule.target.component else set()
    for item in uses:
        for kind, used, known in (
            ("parameter", item.parameters, set(baseline.parameters)),
            ("component", item.components | own, set(baseline.components)),
            ("table", item.tables, set(baseline.tables)),
        ):
            for name in sorted(used - known):
                words = f'the baseline {baseline.name} has no {kind} "{name}"{did_you_mean(name, known)}'
                faults.append(file.fault(_place_of(name, file.data, ()) or (), words))


def _place_of(name: str, value: Json, at: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    """Where a name of the baseline first stands: by itself, or quoted in an expression."""
    if isinstance(value, str):
        return at if value == name or f"'{name}'" in value else None
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next((found for key, item in items if (found := _place_of(name, item, (*at, key))) is not None), None)


def _list(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
