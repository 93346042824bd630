"""Bodies as the picture reads them: what is odd or was not read is passed over or unknown, never an error."""

from __future__ import annotations

from typing import Any

from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, normalise
from scanner.model.spellings import Spellings
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["first_text", "owner_of_part", "texts", "value_at"]

Json = Any


def texts(resource: Resource, path_text: str, spellings: Spellings) -> list[str] | Unknown:
    """The texts at a path, in order; unknown where the member that holds them was not read."""
    path = compile_path(path_text)
    if path.steps[0].lowered in resource.unread:
        return Unknown.because(f"{resource.id} was read without its {path.steps[0].lowered}")
    body = resource.body
    found = [value for _, value in path.expand(body, spellings)] if path.wild else [path.read(body, spellings)]
    odd = next((value for value in found if isinstance(value, Unknown)), None)
    return odd if odd is not None else [value for value in found if isinstance(value, str) and value]


def first_text(resource: Resource, path_text: str, spellings: Spellings) -> str:
    """The first text at a path, empty where none is known."""
    found = texts(resource, path_text, spellings)
    return "" if isinstance(found, Unknown) or not found else found[0]


def value_at(resource: Resource, path_text: str, spellings: Spellings) -> Json:
    """The value at a path that is not wild, None where it is absent, unknown where it was not read."""
    path = compile_path(path_text)
    if path.steps[0].lowered in resource.unread:
        return Unknown.because(f"{resource.id} was read without its {path.steps[0].lowered}")
    found = path.read(resource.body, spellings)
    return None if found is ABSENT else found


def owner_of_part(part_id: str) -> str:
    """The compared id of the resource that a part belongs to: the interface of `…/networkInterfaces/nic/ipConfigurations/a`."""
    parsed = ResourceId.parse(part_id)
    return normalise(parsed.parent) if parsed.type.count("/") > 1 else parsed.key
