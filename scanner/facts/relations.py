"""Relations between resources: named hash joins, indexed once per snapshot, each answer with why there may be more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from scanner.facts.bare_world import BareWorld
from scanner.language.paths import compile_path
from scanner.language.scope import Related, Scope
from scanner.model.resource import Resource
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot
from scanner.model.spellings import Spellings
from scanner.model.unknown import ABSENT, Unknown
from scanner.rules.rule_set import Join, Relation

__all__ = ["Relations"]

Json = Any


class Relations:
    """Answers `related` for one snapshot. Built in: `parent`, `children:TYPE` at any depth, `extensions:TYPE`."""

    def __init__(self, snapshot: Snapshot, relations: Mapping[str, Relation], *, now: datetime) -> None:
        self._snapshot, self._relations, self._now = snapshot, relations, now
        self._indices: dict[tuple[str, int], dict[str, list[Resource]]] = {}
        self._reasons: dict[tuple[str, int], tuple[str, ...]] = {}

    def related(self, name: str, resource: Resource) -> Related:
        """The resources of a relation from one resource."""
        kind, colon, argument = name.partition(":")
        if name == "parent":
            return self._by_id([resource.parent_key] if resource.parent_key else [])
        if colon and kind == "children":
            return Related(tuple(self._snapshot.children(resource, argument)), self._snapshot.missing(argument, resource.key))
        if colon and kind == "extensions":
            return Related(tuple(self._snapshot.extensions(resource, argument)), self._snapshot.missing(argument, resource.key))
        relation = self._relations[name]
        found: dict[int, Resource] = {}
        reasons: dict[str, None] = {}
        for position, join in enumerate(relation.on):
            related = self._join(relation, position, join, resource)
            found.update((id(item), item) for item in related.items)
            reasons.update(dict.fromkeys(related.missing.reasons) if related.missing is not None else {})
        return Related(tuple(found.values()), Unknown(tuple(reasons)) if reasons else None)

    def _join(self, relation: Relation, position: int, join: Join, resource: Resource) -> Related:
        keys, reasons = self._left(join, resource)
        if join.right.lower() == "id":
            related = self._by_id(keys, {name.lower() for name in relation.to_types})
            more = related.missing.reasons if related.missing is not None else ()
            return Related(related.items, Unknown((*reasons, *more)) if reasons or more else None)
        at = (relation.name, position)
        if at not in self._indices:
            self._indices[at] = self._build_index(*at)
            self._reasons[at] = self._find_incomplete(*at)
        index = self._indices[at]
        items = {id(item): item for key in keys for item in index.get(_comparable(key), ())}
        reasons = (*reasons, *self._reasons[at])
        return Related(tuple(items.values()), Unknown(reasons) if reasons else None)

    def _by_id(self, keys: list[str], types: set[str] | None = None) -> Related:
        items: list[Resource] = []
        reasons: list[str] = []
        for key in keys:
            found = self._snapshot.look_up(key)
            if isinstance(found, Unknown):
                reasons.extend(found.reasons)
            elif found is not None and (types is None or "*" in types or found.type.lower() in types):
                items.append(found)
        return Related(tuple(items), Unknown(tuple(reasons)) if reasons else None)

    def _left(self, join: Join, resource: Resource) -> tuple[list[str], tuple[str, ...]]:
        if join.left_template is not None:
            scope = Scope(resource, resource.body, resource, self._now, BareWorld(self._snapshot.spellings))
            values = join.left_template.evaluate(scope)
            pairs = [values] if not isinstance(values, list) else values
        else:
            pairs = list(_values(resource, join.left_path, self._snapshot.spellings))
        reasons = [reason for value in pairs if isinstance(value, Unknown) for reason in value.reasons]
        reasons += [f"{resource.id}: {join.left_path or 'the join'} is no text" for value in pairs if _is_odd(value)]
        return [value for value in pairs if isinstance(value, str) and value], tuple(dict.fromkeys(reasons))

    def _build_index(self, name: str, position: int) -> dict[str, list[Resource]]:
        relation = self._relations[name]
        index: dict[str, list[Resource]] = {}
        for to_type in relation.to_types:
            for resource in self._of_type(to_type):
                for value in _values(resource, relation.on[position].right, self._snapshot.spellings):
                    if isinstance(value, str) and value:
                        index.setdefault(_comparable(value), []).append(resource)
        return index

    def _find_incomplete(self, name: str, position: int) -> tuple[str, ...]:
        """Why resources that point here may be missing: their type was not read in full, or some were read in part."""
        relation = self._relations[name]
        reasons: dict[str, None] = {}
        for to_type in relation.to_types:
            for scope in self._snapshot.scopes:
                missing = self._snapshot.missing(to_type, scope)
                reasons.update(dict.fromkeys(missing.reasons) if missing is not None else {})
            for resource in self._of_type(to_type):
                for value in _values(resource, relation.on[position].right, self._snapshot.spellings):
                    reasons.update(dict.fromkeys(value.reasons) if isinstance(value, Unknown) else {})
                    reasons.update({f"{resource.id}: {relation.on[position].right} is no text": None} if _is_odd(value) else {})
        return tuple(reasons)

    def _of_type(self, to_type: str) -> Iterable[Resource]:
        return self._snapshot.resources if to_type == "*" else self._snapshot.of_type(to_type)


def _values(resource: Resource, path_text: str, spellings: Spellings) -> Iterator[Json]:
    if path_text.lower() == "id":
        yield resource.key
        return
    path = compile_path(path_text)
    if path.steps[0].lowered in resource.unread:
        yield Unknown.because(f"{resource.id} was read without its {path.steps[0].lowered}")
        return
    values = [value for _, value in path.expand(resource.body, spellings)] if path.wild else [path.read(resource.body, spellings)]
    yield from (value for value in values if value is not ABSENT)


def _is_odd(value: Json) -> bool:
    """Whether something else than text stands where an id or name is due."""
    return not isinstance(value, str | Unknown) and value is not None and value is not ABSENT


def _comparable(value: str) -> str:
    """Ids compare normalised, any other text ignoring case."""
    return normalise(value) if "/" in value else value.lower()
