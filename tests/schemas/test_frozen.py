"""The published schemas only grow. The frozen copies beside this are what users' tools rely on; after an addition run

driftline rules schema KIND > tests/schemas/KIND.json
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scanner.report.schemas import schemas

FROZEN = {path.stem: path for path in Path(__file__).parent.glob("*.json")}
Json = Any
#: What narrows a schema wherever it is new or another than before.
_LIMITS = frozenset(
    {"$ref", "type", "const", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum"}
    | {"minItems", "maxItems", "minProperties", "maxProperties", "items", "additionalProperties", "propertyNames"}
)


def losses(old: Json, new: Json, at: str = "") -> Iterator[str]:
    """What a reader or writer of the old schema would lose: a property gone, a type or choice narrowed, something newly required."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    yield from _own_losses(old, new, at)
    for key in ("properties", "patternProperties", "$defs"):  # by name: a property may itself be called "type" or "enum"
        for name in old.get(key, {}).keys() & new.get(key, {}).keys():
            yield from losses(old[key][name], new[key][name], f"{at}.{key}.{name}")
    for key in ("items", "additionalProperties", "propertyNames"):
        yield from losses(old.get(key), new.get(key), f"{at}.{key}")
    for key in ("anyOf", "oneOf"):
        alternatives: list[Json] = new.get(key) or []
        if (key in new and len(alternatives) < len(old.get(key, []))) or key in new.keys() - old.keys():
            yield f"{at}.{key}: there are fewer alternatives"
        for position, (before, after) in enumerate(zip(old.get(key, []), alternatives, strict=False)):
            yield from losses(before, after, f"{at}.{key}[{position}]")


def _own_losses(old: dict[str, Json], new: dict[str, Json], at: str) -> Iterator[str]:
    known = old.get("properties")
    if isinstance(known, dict):
        yield from (f"{at}.{name}: the property is gone" for name in known if name not in new.get("properties", {}))
    required = new.get("required")
    before: Json = old.get("required") or []
    if isinstance(required, list):
        yield from (f"{at}.{name}: is newly required" for name in required if name not in before)
    for key in sorted(_LIMITS & new.keys()):
        both = isinstance(old.get(key), dict) and isinstance(new[key], dict)  # looked into by `losses`
        lifted = new[key] is True or new[key] == {} or (key == "type" and _wider(old.get(key), new[key]))
        if new[key] != old.get(key) and not both and not lifted:
            yield f"{at}: {key} is now {new[key]!r}"
    if "enum" in new.keys() - old.keys() and old.get("const") not in new["enum"]:
        yield f"{at}: only {new['enum']} is allowed now"
    choices: list[Json] = old.get("enum") or []
    allowed: list[Json] = new.get("enum") or choices
    gone = [item for item in choices if item not in allowed]
    if gone:
        yield f"{at}: {gone} is no longer allowed"


def _wider(old: Json, new: Json) -> bool:
    before, after = ({item} if isinstance(item, str) else set(item or []) for item in (old, new))
    return bool(before) and before <= after


@pytest.mark.parametrize("kind", sorted(schemas()))
def test_a_schema_only_grows(kind: str) -> None:
    assert kind in FROZEN, f"freeze it: driftline rules schema {kind} > tests/schemas/{kind}.json"
    assert list(losses(json.loads(FROZEN[kind].read_text(encoding="utf-8")), schemas()[kind])) == []


def test_no_schema_was_withdrawn() -> None:
    assert set(FROZEN) <= set(schemas())


@pytest.mark.parametrize("kind", sorted(schemas()))
def test_a_schema_is_one(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[kind])


OLD: Json = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"enum": [1, 2]}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ({**OLD, "properties": {"a": {"type": "string"}}}, [".b: the property is gone"]),
        ({**OLD, "required": ["a", "b"]}, [".b: is newly required"]),
        ({**OLD, "properties": {**OLD["properties"], "a": {"type": "integer"}}}, [".properties.a: type is now 'integer'"]),
        ({**OLD, "properties": {**OLD["properties"], "a": {"type": ["string", "null"]}}}, []),
        ({**OLD, "properties": {**OLD["properties"], "b": {"enum": [1]}}}, [".properties.b: [2] is no longer allowed"]),
        ({**OLD, "properties": {**OLD["properties"], "c": {"type": "string"}}}, []),
        ({**OLD, "additionalProperties": False}, [": additionalProperties is now False"]),
        ({**OLD, "additionalProperties": True}, []),
        (
            {**OLD, "properties": {**OLD["properties"], "a": {"type": "string", "enum": ["x"]}}},
            [".properties.a: only ['x'] is allowed now"],
        ),
        ({**OLD, "properties": {**OLD["properties"], "b": {"enum": [1, 2, 3]}}}, []),
        (
            {**OLD, "properties": {**OLD["properties"], "a": {"type": "string", "minLength": 1}}},
            [".properties.a: minLength is now 1"],
        ),
        ({**OLD, "properties": {**OLD["properties"], "a": {"$ref": "#/$defs/A"}}}, [".properties.a: $ref is now '#/$defs/A'"]),
        (
            {**OLD, "properties": {**OLD["properties"], "a": {"anyOf": [{"type": "string"}]}}},
            [".properties.a.anyOf: there are fewer alternatives"],
        ),
    ],
)
def test_a_loss_is_seen(new: Json, words: list[str]) -> None:
    assert list(losses(OLD, new)) == words


def test_a_loss_is_seen_in_alternatives_elements_and_properties_that_are_called_like_keywords() -> None:
    old = {"properties": {"type": {"anyOf": [{"type": "string"}, {"items": {"enum": ["a", "b"]}}]}, "enum": {"type": "array"}}}
    fewer = {"properties": {"type": {"anyOf": [{"type": "string"}]}, "enum": {"type": "array"}}}
    narrower = {"properties": {"type": {"anyOf": [{"type": "string"}, {"items": {"enum": ["a"]}}]}, "enum": {"type": "object"}}}
    assert list(losses(old, fewer)) == [".properties.type.anyOf: there are fewer alternatives"]
    assert sorted(losses(old, narrower)) == [
        ".properties.enum: type is now 'object'",
        ".properties.type.anyOf[1].items: ['b'] is no longer allowed",
    ]
