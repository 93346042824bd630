"""Strict reading of ARM bodies inside facts: what has an impossible shape is unknown, and says where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.spellings import Spellings
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["Document", "OddShapeError", "is_enabled", "known"]

Json = Any


class OddShapeError(Exception):
    """A member was not read, or cannot be what Azure says it is. `unknown` carries the reason."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(str(unknown))
        self.unknown = unknown


def known(make: Callable[..., Json], *arguments: Any, **named: Any) -> Json:
    """What `make` gives for the arguments, or unknown where it met an odd shape."""
    try:
        return make(*arguments, **named)
    except OddShapeError as odd:
        return odd.unknown


def is_enabled(item: Resource, spellings: Spellings) -> bool | Unknown:
    """Whether a secret or key of a vault is enabled, which it is where it does not say otherwise."""
    if "properties" in item.unread:
        return Unknown.because(f"{item.id} was read without its properties")
    found: bool | Unknown = known(Document(item.body, spellings, item.id).truth, "properties.attributes.enabled", default=True)
    return found


class Document:
    """A JSON object of a resource, read by path. Member names match ignoring case."""

    __slots__ = ("_body", "_spellings", "_words")

    def __init__(self, body: Json, spellings: Spellings, words: str) -> None:
        if not isinstance(body, Mapping):
            raise OddShapeError(Unknown.because(f"{words} is no object"))
        self._body, self._spellings, self._words = body, spellings, words

    def value(self, path: str, *, default: Json = None) -> Json:
        """The value of a path, `default` where it is absent or null."""
        found = compile_path(path).read(self._body, self._spellings)
        if isinstance(found, Unknown):
            raise OddShapeError(found)
        return default if found is ABSENT else found

    def text(self, path: str, *, default: str = "") -> str:
        """The text at a path."""
        found = self.value(path, default=default)
        if not isinstance(found, str):
            raise OddShapeError(Unknown.because(f"{self._words}: {path} is no text"))
        return found

    def texts(self, path: str) -> list[str]:
        """The list of texts at a path, empty where it is absent."""
        found = self.value(path, default=[])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise OddShapeError(Unknown.because(f"{self._words}: {path} is no list of texts"))
        return found

    def truth(self, path: str, *, default: bool) -> bool:
        """The boolean at a path, also where it is spelled as text."""
        found = self.value(path, default=default)
        if str(found).lower() not in ("true", "false"):
            raise OddShapeError(Unknown.because(f"{self._words}: {path} is neither true nor false"))
        return str(found).lower() == "true"

    def number(self, path: str) -> float | None:
        """The finite number at a path, none where it is absent."""
        found = self.value(path)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
            raise OddShapeError(Unknown.because(f"{self._words}: {path} is no number"))
        return found

    def below(self, path: str) -> Document:
        """The object at a path."""
        return Document(self.value(path), self._spellings, f"{self._words}: {path}")

    def documents(self, path: str) -> list[Document]:
        """The objects of the list at a path, none where it is absent."""
        found = self.value(path, default=[])
        if not isinstance(found, list):
            raise OddShapeError(Unknown.because(f"{self._words}: {path} is no list"))
        return [Document(item, self._spellings, f"{self._words}: {path}[{at}]") for at, item in enumerate(found)]

    def named(self, path: str) -> dict[str, Document]:
        """The objects of the list at a path by lower-case name, which is how ARM's references to them end."""
        return {item.name().lower(): item for item in self.documents(path)}

    def name(self) -> str:
        """What a part of a resource is called: its name, or how its id ends."""
        found = self.text("name") or self.reference("id")
        if not found:
            raise OddShapeError(Unknown.because(f"{self._words} has no name"))
        return found

    def reference(self, path: str) -> str:
        """The lower-case last segment of the id at a path: the name of a sibling inside the same resource."""
        return self.text(path).rstrip("/").rpartition("/")[2].lower()
