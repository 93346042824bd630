"""Loads rule directories, all faults in one run. A directory may bring defaults, relations and conditions of its own,
which add to the shipped ones and may not replace them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from scanner.language.conditions import compile_condition
from scanner.language.context import ConditionContext, compile_template
from scanner.language.expressions import is_expression
from scanner.language.messages import compile_message
from scanner.language.paths import PathError, compile_path
from scanner.language.scope import Default
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.packaged import packaged, shown_path
from scanner.model.resource import canonical_type
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.rules.baseline import Baseline
from scanner.rules.compiling import FactPaths, Knowledge, type_fault
from scanner.rules.rule import Each, Rule, RuleFix, Target, UnknownWhen
from scanner.rules.rule_set import Join, Relation, RuleSet
from scanner.rules.shapes import ConditionShape, DefaultShape, FixShape, RelationShape, RuleShape, TargetShape, hold_against

__all__ = ["load_rules", "shipped_rules"]

Json = Any
_SHARED = ("defaults.yaml", "relations.yaml", "conditions.yaml")


def shipped_rules() -> Path:
    """The directory of the rules that driftline ships."""
    return packaged("rules")


def load_rules(
    directories: Sequence[Path], baseline: Baseline | None = None, *, fact_paths: FactPaths | None = None, shipped: bool = True
) -> RuleSet:
    """Load the shipped rules and those of more directories. Raises `ConfigurationError` with every fault.

    With a baseline, its parameters, components and tables are known names. `fact_paths` are the kinds by path of fact types.
    """
    faults: list[Fault] = []
    folders = [shipped_rules(), *directories] if shipped else [*directories]
    digest = hashlib.sha256()
    shared = _load_shared(folders, faults, digest)
    relations = _relations(shared, faults)
    knowledge = Knowledge(
        defaults=_defaults(shared, faults),
        conditions=_conditions(shared, faults),
        relation_types={name: relation.to_types for name, relation in relations.items()},
        fact_paths=fact_paths or {},
    )
    rules: dict[str, Rule] = {}
    for file in _rule_files(folders, faults, digest):
        rule = _load_rule(file, knowledge, faults, baseline)
        if rule is not None and rule.id in rules:
            faults.append(file.fault(("id",), f"the id {rule.id} is taken by {rules[rule.id].file}"))
        elif rule is not None:
            rules[rule.id] = rule
    if faults:
        raise ConfigurationError(faults)
    return RuleSet(tuple(rules[name] for name in sorted(rules)), relations, digest.hexdigest()[:16])


def _rule_files(folders: Sequence[Path], faults: list[Fault], digest: Any) -> Iterator[YamlFile]:
    for folder in folders:
        if not folder.is_dir():
            faults.append(Fault(str(folder), 0, "is no directory of rules"))
            continue
        for path in sorted(folder.rglob("*.yaml")):
            inside = path.relative_to(folder)
            if inside.name in _SHARED or inside.parts[0] == "tests":
                continue
            file = _load(path, faults, digest)
            if file is not None:
                yield file


def _load(path: Path, faults: list[Fault], digest: Any) -> YamlFile | None:
    file = load_yaml(path, faults, name=shown_path(path))
    if file is not None:
        digest.update(path.read_bytes())
    return file


def _load_shared(folders: Sequence[Path], faults: list[Fault], digest: Any) -> dict[str, list[YamlFile]]:
    shared: dict[str, list[YamlFile]] = {name: [] for name in _SHARED}
    for folder in folders:
        for name in _SHARED:
            path = folder / name
            file = _load(path, faults, digest) if path.exists() else None
            if file is not None and isinstance(file.data, dict):
                shared[name].append(file)
            elif file is not None and file.data is not None:
                faults.append(file.fault((), f"{name} maps names to entries"))
    return shared


def _entries(files: Iterable[YamlFile], faults: list[Fault]) -> Iterator[tuple[YamlFile, str, Json]]:
    seen: dict[str, str] = {}
    for file in files:
        for name, entry in file.data.items():
            if name in seen and seen[name] != file.name:
                faults.append(file.fault((name,), f'"{name}" is already defined in {seen[name]} and cannot be replaced'))
                continue
            seen[name] = file.name
            yield file, name, entry


def _defaults(shared: dict[str, list[YamlFile]], faults: list[Fault]) -> dict[tuple[str, str], Default]:
    found: dict[tuple[str, str], Default] = {}
    for file in shared["defaults.yaml"]:
        for type_name, paths in file.data.items():
            wrong = type_fault(type_name, {})
            if wrong or not isinstance(paths, dict):
                faults.append(file.fault((type_name,), wrong or "maps paths to what Azure assumes"))
                continue
            for path, entry in paths.items():
                data = entry if isinstance(entry, dict) and "value" in entry else {"value": entry}
                shape = hold_against(DefaultShape, file, faults, data=data, at=(type_name, path))
                wrong = Knowledge({}, {}, {}, {}).path_fault((type_name,), path)
                key = (canonical_type(type_name), path.lower())
                if wrong or key in found:
                    faults.append(file.fault((type_name, path), wrong or "this default is already given and cannot be replaced"))
                elif shape is not None:
                    found[key] = Default(shape.value, shape.since, shape.source)
    return found


def _conditions(shared: dict[str, list[YamlFile]], faults: list[Fault]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for file, name, entry in _entries(shared["conditions.yaml"], faults):
        shape = hold_against(ConditionShape, file, faults, data=entry, at=(name,))
        if shape is not None:
            found[name] = {"parameters": shape.parameters, "condition": shape.condition}
    return found


def _relations(shared: dict[str, list[YamlFile]], faults: list[Fault]) -> dict[str, Relation]:
    found: dict[str, Relation] = {}
    for file, name, entry in _entries(shared["relations.yaml"], faults):
        shape = hold_against(RelationShape, file, faults, data=entry, at=(name,))
        if shape is not None:
            from_types, to_types = _list(shape.from_), _list(shape.to)
            known = Knowledge({}, {}, {}, {})
            joins = tuple(
                _join(join.left, join.right, known, file, faults, (name, "on", at), from_types, to_types)
                for at, join in enumerate(shape.on)
            )
            found[name] = Relation(name, from_types, to_types, joins)
    return found


def _join(
    left: str,
    right: str,
    known: Knowledge,
    file: YamlFile,
    faults: list[Fault],
    at: tuple[str | int, ...],
    from_types: tuple[str, ...],
    to_types: tuple[str, ...],
) -> Join:
    if is_expression(right):
        faults.append(file.fault((*at, "right"), "right is a path; only left may be an expression"))
    for key, text, types in (("left", left, from_types), ("right", right, to_types)):
        if not is_expression(text):
            try:
                compile_path(text)
                wrong = known.path_fault(tuple(name for name in types if name != "*"), text)
            except PathError as error:
                wrong = str(error)
            if wrong:
                faults.append(file.fault((*at, key), wrong))
    if is_expression(left):
        return Join("", compile_template(left, known.context(file, faults, from_types, at=(*at, "left")), ()), right)
    return Join(left, None, right)


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
    where = compile_condition(shape.target.where, context, ("target", "where")) if shape.target.where is not None else None
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
        target=Target(types, where, shape.target.component, _each(shape.target, context)),
        unknown_when=_unknown_when(shape, context),
        assertion=compile_condition(shape.assertion, context, ("assert",)),
        message=compile_message(shape.message or shape.title, context, ("message",)),
        consequence_of=tuple(shape.consequence_of),
        fix=_fix(shape.fix, context),
        file=file.name,
        uses=context.uses,
    )
    if baseline is not None:
        _hold_against_baseline(rule, file, faults, baseline)
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
    if not target.each:
        return None
    if is_expression(target.each):
        return Each(target.each, None, compile_template(target.each, context, ("target", "each")))
    try:
        return Each(target.each, compile_path(target.each), None)
    except PathError as error:
        context.fault(("target", "each"), str(error))
        return None


def _fix(shape: FixShape | None, context: ConditionContext) -> RuleFix | None:
    if shape is None:
        return None
    for at, step in enumerate(shape.steps):
        if len(step) != 1:
            context.fault(("fix", "steps", at), "a step is exactly one of set, create, remove, action, manual")
    if not shape.steps[0]:
        return None
    return RuleFix(
        title=shape.title,
        kind=str(next(iter(shape.steps[0]))),
        disrupts=shape.disrupts.level,
        disrupts_text=shape.disrupts.text,
        steps=tuple({str(key): value for key, value in step.items()} for step in shape.steps),
        after=tuple(shape.after),
    )


def _hold_against_baseline(rule: Rule, file: YamlFile, faults: list[Fault], baseline: Baseline) -> None:
    from scanner.language.context import did_you_mean

    components = {*rule.uses.components, *([rule.target.component] if rule.target.component else [])}
    for kind, used, known in (
        ("parameter", rule.uses.parameters, set(baseline.parameters)),
        ("component", components, set(baseline.components)),
        ("table", rule.uses.tables, set(baseline.tables)),
    ):
        for name in sorted(used - known):
            faults.append(file.fault((), f'the baseline {baseline.name} has no {kind} "{name}"{did_you_mean(name, known)}'))


def _list(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
