"""JSON types in words, for reasons and errors."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["kind_of"]

_WORDS: Final[dict[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def kind_of(value: Any) -> str:
    """`a list`, `text`, `null`: what a value is, for a sentence."""
    return _WORDS.get(value.__class__, "null")
