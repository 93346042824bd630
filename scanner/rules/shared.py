"""What the rules of all directories share: defaults, relations, named conditions, titles of controls, redirects of renamed ids.

A directory may bring files of its own, which add to the shipped ones and may not replace them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scanner.language.conditions import compile_condition
from scanner.language.context import compile_template, did_you_mean
from scanner.language.expressions import is_expression
from scanner.language.paths import PathError, compile_path
from scanner.language.scope import Default
from scanner.model.errors import Fault
from scanner.model.resource import canonical_type
from scanner.model.yaml_file import YamlFile
from scanner.rules.compiling import FactPaths, Knowledge, kind_fault, type_fault
from scanner.rules.rule_set import Glossary, Join, Relation
from scanner.rules.shapes import ConditionShape, DefaultShape, JoinShape, RelationShape, hold_against

__all__ = ["SHARED_FILES", "Shared", "hold_redirects", "load_defaults", "load_shared"]

Json = Any
Load = Callable[[Path], YamlFile | None]
Files = Sequence[YamlFile]
SHARED_FILES: Final = ("defaults.yaml", "relations.yaml", "conditions.yaml", "controls.yaml", "redirects.yaml")
_BUILT_IN = re.compile(r"parent|(children|extensions):.*")
_PARAMETER = re.compile(r"parameters\('([^']*)'\)")


@dataclass(frozen=True)
class Shared:
    """What every rule may use. `redirects` are present ids by former ones, `renamed` the files that say so."""

    knowledge: Knowledge
    relations: Mapping[str, Relation]
    redirects: Mapping[str, str]
    renamed: Mapping[str, YamlFile]
    glossary: Glossary


def load_shared(folders: Sequence[Path], load: Load, faults: list[Fault], fact_paths: FactPaths) -> Shared:
    """Read the shared files of every directory."""
    files = {name: _files(folders, name, load, faults) for name in SHARED_FILES}
    relations = _relations(files["relations.yaml"], faults, fact_paths)
    knowledge = Knowledge(
        defaults=_defaults(files["defaults.yaml"], faults),
        conditions=_conditions(files["conditions.yaml"], faults),
        relation_types={name: relation.to_types for name, relation in relations.items()},
        fact_paths=fact_paths,
    )
    _hold_conditions(files["conditions.yaml"], knowledge, faults)
    redirects = _redirects(files["redirects.yaml"], faults)
    glossary = Glossary(
        controls=_titles(files["controls.yaml"], faults),
        conditions=_docs(files["conditions.yaml"]),
        relations=_docs(files["relations.yaml"]),
        defaults=knowledge.defaults,
    )
    present = {old: new for old, (new, _) in redirects.items()}
    return Shared(knowledge, relations, present, {old: file for old, (_, file) in redirects.items()}, glossary)


def load_defaults(folders: Sequence[Path], load: Load, faults: list[Fault]) -> Mapping[tuple[str, str], Default]:
    """What Azure assumes for absent properties, by compared type and lower-case path."""
    return _defaults(_files(folders, "defaults.yaml", load, faults), faults)


def hold_redirects(shared: Shared, ids: Iterable[str], faults: list[Fault]) -> None:
    """A former id leads to a rule there is, and is no rule's any more."""
    known = set(ids)
    for old, new in shared.redirects.items():
        if old in known:
            faults.append(shared.renamed[old].fault((old,), f"{old} is the id of a rule, so it cannot lead to another"))
        elif new not in known:
            near = did_you_mean(new, known)
            faults.append(shared.renamed[old].fault((old,), f'{old} leads to "{new}", which is no rule{near}'))


def _files(folders: Sequence[Path], name: str, load: Load, faults: list[Fault]) -> list[YamlFile]:
    loaded = [file for folder in folders if (folder / name).exists() and (file := load(folder / name)) is not None]
    for file in loaded:
        if file.data is not None and not isinstance(file.data, dict):
            faults.append(file.fault((), f"{name} maps names to entries"))
    return [file for file in loaded if isinstance(file.data, dict)]


def _entries(files: Files, faults: list[Fault]) -> Iterator[tuple[YamlFile, str, Json]]:
    seen: dict[str, YamlFile] = {}
    for file in files:
        for name, entry in file.data.items():
            if name in seen and seen[name] is not file:
                faults.append(file.fault((name,), f'"{name}" is already defined in {seen[name].name} and cannot be replaced'))
                continue
            seen[name] = file
            yield file, name, entry


def _defaults(files: Files, faults: list[Fault]) -> dict[tuple[str, str], Default]:
    found: dict[tuple[str, str], Default] = {}
    known = Knowledge({}, {}, {}, {})
    for file in files:
        for type_name, paths in file.data.items():
            wrong = type_fault(type_name, {})
            if wrong or not isinstance(paths, dict):
                faults.append(file.fault((type_name,), wrong or "maps paths to what Azure assumes"))
                continue
            for path, entry in paths.items():
                data = entry if isinstance(entry, dict) and "value" in entry else {"value": entry}
                shape = hold_against(DefaultShape, file, faults, data=data, at=(type_name, path))
                wrong = known.path_fault((type_name,), path)
                key = (canonical_type(type_name), path.lower())
                if wrong or key in found:
                    faults.append(file.fault((type_name, path), wrong or "this default is already given and cannot be replaced"))
                elif shape is not None:
                    wrong = kind_fault(path, known.kind_of(type_name, path), shape.value)
                    if wrong:
                        faults.append(file.fault((type_name, path), wrong))
                    found[key] = Default(shape.value, shape.since, shape.source)
    return found


def _conditions(files: Files, faults: list[Fault]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for file, name, entry in _entries(files, faults):
        shape = hold_against(ConditionShape, file, faults, data=entry, at=(name,))
        if shape is None:
            continue
        found[name] = {"parameters": shape.parameters, "condition": shape.condition}
        used = set(_PARAMETER.findall(" ".join(_texts(shape.condition))))
        for missing in sorted(used - set(shape.parameters)):
            words = f'"{missing}" is no parameter of this condition{did_you_mean(missing, shape.parameters)}'
            faults.append(file.fault((name, "condition"), words))
        for idle in sorted(set(shape.parameters) - used):
            faults.append(
                file.fault((name, "parameters"), f'the parameter "{idle}" is not used: write "[parameters(\'{idle}\')]"')
            )
    return found


def _hold_conditions(files: Files, knowledge: Knowledge, faults: list[Fault]) -> None:
    """Compile conditions by themselves, so that one that no rule uses has its faults told too.

    One with parameters, or that reads the element of a count around it, means something only where it is used.
    """
    for file in files:
        for name in file.data:
            entry = knowledge.conditions.get(name)
            if entry is not None and not entry["parameters"] and not any("current(" in text for text in _texts(entry)):
                context = knowledge.context(file, faults, (), at=(name, "condition"))
                compile_condition(entry["condition"], context)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


def _relations(files: Files, faults: list[Fault], fact_paths: FactPaths) -> dict[str, Relation]:
    found: dict[str, Relation] = {}
    known = Knowledge({}, {}, {}, fact_paths)
    for file, name, entry in _entries(files, faults):
        shape = hold_against(RelationShape, file, faults, data=entry, at=(name,))
        if shape is None:
            continue
        if _BUILT_IN.fullmatch(name):
            faults.append(file.fault((name,), f'"{name}" is built in and cannot be replaced'))
        from_types, to_types = _list(shape.from_), _list(shape.to)
        for key, types in (("from", from_types), ("to", to_types)):
            for type_name in types:
                wrong = type_fault(type_name, fact_paths, exemptible=False) if type_name != "*" else ""
                if wrong:
                    faults.append(file.fault((name, key), wrong))
        joins = tuple(
            _join(join, known, file, faults, (name, "on", at), from_types, to_types) for at, join in enumerate(shape.on)
        )
        found[name] = Relation(name, from_types, to_types, joins)
    return found


def _join(
    join: JoinShape,
    known: Knowledge,
    file: YamlFile,
    faults: list[Fault],
    at: tuple[str | int, ...],
    from_types: tuple[str, ...],
    to_types: tuple[str, ...],
) -> Join:
    if is_expression(join.right):
        faults.append(file.fault((*at, "right"), "right is a path; only left may be an expression"))
    for key, text, types in (("left", join.left, from_types), ("right", join.right, to_types)):
        if not is_expression(text):
            try:
                compile_path(text)
                wrong = known.path_fault(tuple(name for name in types if name != "*"), text)
            except PathError as error:
                wrong = str(error)
            if wrong:
                faults.append(file.fault((*at, key), wrong))
    if is_expression(join.left):
        template = compile_template(join.left, known.context(file, faults, from_types, at=(*at, "left")), ())
        return Join("", template, join.right)
    return Join(join.left, None, join.right)


def _redirects(files: Files, faults: list[Fault]) -> dict[str, tuple[str, YamlFile]]:
    found: dict[str, tuple[str, YamlFile]] = {}
    for file, old, new in _entries(files, faults):
        if isinstance(new, str):
            found[old] = (new, file)
        else:
            faults.append(file.fault((old,), "a former id leads to the id that the rule has now"))
    return found


def _titles(files: Files, faults: list[Fault]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file, control, title in _entries(files, faults):
        if isinstance(title, str) and title.strip():
            found[control] = title
        else:
            faults.append(file.fault((control,), "a control has a title: one line of text"))
    return found


def _docs(files: Files) -> dict[str, str]:
    """What the entries of files say of themselves; those that say nothing, or are faulty, are left out."""
    entries = ((name, entry.get("doc")) for file in files for name, entry in file.data.items() if isinstance(entry, dict))
    return {name: doc for name, doc in entries if isinstance(doc, str) and doc}


def _list(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
