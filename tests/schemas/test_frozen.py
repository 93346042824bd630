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


def losses(old: Json, new: Json, at: str = "") -> Iterator[str]:
    """What a reader or writer of the old schema would lose: a property gone, a type or choice narrowed, something newly required."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _own_losses(old, new, at)
        for key in old.keys() & new.keys() - {"enum", "required"}:
            yield from losses(old[key], new[key], f"{at}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for position, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from losses(before, after, f"{at}[{position}]")


def _own_losses(old: dict[str, Json], new: dict[str, Json], at: str) -> Iterator[str]:
    known = old.get("properties")
    if isinstance(known, dict):
        yield from (f"{at}.{name}: the property is gone" for name in known if name not in new.get("properties", {}))
    required = new.get("required")
    before: Json = old.get("required") or []
    if isinstance(required, list):
        yield from (f"{at}.{name}: is newly required" for name in required if name not in before)
    for key in ("type", "const", "pattern", "minItems", "maxItems", "additionalProperties"):
        if key in new and new[key] != old.get(key) and not (key == "type" and _wider(old.get(key), new[key])):
            yield f"{at}: {key} is now {new[key]!r}"
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
    ],
)
def test_a_loss_is_seen(new: Json, words: list[str]) -> None:
    assert list(losses(OLD, new)) == words
