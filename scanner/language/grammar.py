"""The grammar of ARM template expressions: text to syntax tree, with positions; never anything but `ExpressionError`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Access", "CallNode", "ExpressionError", "Literal", "Node", "parse"]

MAX_LENGTH: Final = 24_576  # ARM's own limit for an expression in a template
MAX_DEPTH: Final = 100

_SPACE = re.compile(r"[ \t\r\n]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INTEGER = re.compile(r"-?[0-9]+")


class ExpressionError(Exception):
    """An expression that does not parse or names what does not exist: the text, the 0-based position, what is wrong."""

    def __init__(self, text: str, position: int, message: str) -> None:
        shown = text if len(text) <= 120 else f"{text[:117]}…"
        super().__init__(f"{message} (column {position + 1} of {shown})")
        self.text, self.position, self.message = text, position, message


@dataclass(frozen=True, slots=True)
class Literal:
    """A string or integer."""

    value: Any
    position: int


@dataclass(frozen=True, slots=True)
class CallNode:
    """`name(arguments)`, the name possibly with a namespace (`contoso.unique`)."""

    name: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Access:
    """`subject.name` or `subject[key]`."""

    subject: Node
    key: Node
    position: int


Node = Literal | CallNode | Access


def parse(text: str) -> Node:
    """Parse the inside of `[...]`; `text` is the whole string with its brackets."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(text, MAX_LENGTH, f"the expression is longer than {MAX_LENGTH} characters")
    if not (text.startswith("[") and text.endswith("]") and len(text) > 1):
        raise ExpressionError(text, 0, "an expression stands between [ and ]")
    node, _ = _Parser(text).expression(1, 0)
    _hold_depth(text, node)
    return node


def _hold_depth(text: str, root: Node) -> None:
    """Bound the height of the tree: a chain `a().b.c` nests to the left without nesting in the text."""
    pending: list[tuple[Node, int]] = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise _too_deep(text, node.position)
        if isinstance(node, CallNode):
            pending.extend((argument, depth + 1) for argument in node.arguments)
        elif isinstance(node, Access):
            pending.extend(((node.subject, depth + 1), (node.key, depth + 1)))


def _too_deep(text: str, position: int) -> ExpressionError:
    return ExpressionError(text, position, f"the expression nests deeper than {MAX_DEPTH}")


class _Parser:
    """Recursive descent with a depth limit, so that hostile nesting is an error and not a crash."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = len(text) - 1

    def expression(self, at: int, depth: int) -> tuple[Node, int]:
        node, at = self._value(at, depth)
        if depth == 0 and self._skip(at) != self._end:
            raise self._wrong(self._skip(at), "expected the end of the expression")
        return node, at

    def _value(self, at: int, depth: int) -> tuple[Node, int]:
        if depth > MAX_DEPTH:
            raise _too_deep(self._text, at)
        at = self._skip(at)
        if self._text.startswith("'", at):
            node, at = self._string(at)
        elif number := _INTEGER.match(self._text, at):
            if len(number[0]) > 20:
                raise self._wrong(at, "the number is too large")
            node, at = Literal(int(number[0]), at), number.end()
        else:
            node, at = self._call(at, depth)
        return self._accesses(node, at, depth)

    def _string(self, at: int) -> tuple[Node, int]:
        start, parts = at, []
        at += 1
        while True:
            end = self._text.find("'", at)
            if end < 0 or end >= self._end:
                raise self._wrong(start, "the string does not end")
            parts.append(self._text[at:end])
            if not self._text.startswith("''", end):
                return Literal("".join(parts), start), end + 1
            parts.append("'")
            at = end + 2

    def _call(self, at: int, depth: int) -> tuple[Node, int]:
        start = at
        name, at = self._name(at)
        if self._text.startswith(".", self._skip(at)):
            rest, after = self._name(self._skip(self._skip(at) + 1), "the name of a function")
            name, at = f"{name}.{rest}", after
        at = self._skip(at)
        if not self._text.startswith("(", at):
            raise self._wrong(start, f"{name} is not called: a name stands only before ( … )")
        arguments: list[Node] = []
        at = self._skip(at + 1)
        if self._text.startswith(")", at):
            return CallNode(name, (), start), at + 1
        while True:
            argument, at = self._value(at, depth + 1)
            arguments.append(argument)
            at = self._skip(at)
            if self._text.startswith(")", at):
                return CallNode(name, tuple(arguments), start), at + 1
            if not self._text.startswith(",", at):
                raise self._wrong(at, "expected , or )")
            at += 1

    def _accesses(self, node: Node, at: int, depth: int) -> tuple[Node, int]:
        while True:
            here = self._skip(at)
            if self._text.startswith(".", here):
                name, at = self._name(self._skip(here + 1), "the name of a member")
                node = Access(node, Literal(name, here + 1), here)
            elif self._text.startswith("[", here):
                key, at = self._value(here + 1, depth + 1)
                at = self._skip(at)
                if not self._text.startswith("]", at) or at >= self._end:
                    raise self._wrong(at, "expected ]")
                at += 1
                node = Access(node, key, here)
            else:
                return node, at

    def _name(self, at: int, wanted: str = "a function, a 'string' or a number") -> tuple[str, int]:
        found = _NAME.match(self._text, at)
        if found is None or at >= self._end:
            raise self._wrong(min(at, self._end), f"expected {wanted}")
        return found[0], found.end()

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _wrong(self, at: int, message: str) -> ExpressionError:
        return ExpressionError(self._text, at, message)
