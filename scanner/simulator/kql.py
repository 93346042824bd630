"""The part of the Kusto query language that planners of Resource Graph queries need: where, project, extend, order, take."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Any, Final

__all__ = ["Query", "QueryError", "Rows", "parse_query"]

Json = Any
Row = dict[str, Json]
Scalar = Callable[[Row], Json]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<comment>//[^\n]*)|(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>\d+)
    |(?P<word>!?[A-Za-z_][\w-]*~?)|(?P<sign>==|!=|=~|!~|[()\[\],.|=]))""",
    re.VERBOSE,
)
_END: Final = ""
_SIGNS: Final = ("==", "!=", "=~", "!~", "in", "in~", "!in", "!in~", "has", "contains", "startswith", "endswith")


class QueryError(Exception):
    """A query that this part of the language does not hold; `token` is where."""

    def __init__(self, token: str, message: str = "") -> None:
        super().__init__(message or f"'{token}' is not supported")
        self.token = token


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows on their way through the steps, the columns that they show, whether `take` left some out."""

    rows: list[Row]
    columns: tuple[str, ...]
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query."""

    table: str
    steps: tuple[Callable[[Rows], Rows], ...]

    def run(self, rows: Rows) -> Rows:
        """The rows after all steps. Raises `QueryError` for a column that is not there."""
        for step in self.steps:
            rows = step(rows)
        return rows


def parse_query(text: str, tables: Container[str]) -> Query:
    """Parse a query over one of the tables. Raises `QueryError`."""
    query = _Parser(_tokens(text)).query()
    if query.table not in tables:
        raise QueryError(query.table)
    return query


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryError(text[at:].strip()[:20])
        if match["comment"] is None:
            found.append(match[0].strip())
        at = match.end()
    return [*found, _END]


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def query(self) -> Query:
        table, steps = self._word(), []
        while self._peek() == "|":
            self._take()
            steps.append(self._step())
        if self._peek() != _END:
            raise QueryError(self._peek())
        return Query(table.lower(), tuple(steps))

    def _step(self) -> Callable[[Rows], Rows]:
        match word := self._word().lower():
            case "where":
                return _where(self._either())
            case "project":
                return _project(self._items())
            case "extend":
                return _extend(self._items())
            case "order" | "sort":
                return self._order()
            case "take" | "limit":
                return _limit(int(self._number()))
            case "count":
                return lambda rows: Rows([{"Count": len(rows.rows)}], ("Count",))
            case _:
                raise QueryError(word)

    def _order(self) -> Callable[[Rows], Rows]:
        if self._word().lower() != "by":
            raise QueryError("order")
        keys = []
        while True:
            scalar, descending = self._scalar()[1], True  # Kusto sorts descending unless told otherwise
            if self._peek().lower() in ("asc", "desc"):
                descending = self._take().lower() == "desc"
            keys.append((scalar, descending))
            if self._peek() != ",":
                return _sort(keys)
            self._take()

    def _items(self) -> list[tuple[str, Scalar]]:
        items = []
        while True:
            name, scalar = self._scalar()
            if self._peek() == "=":
                self._take()
                scalar = self._scalar()[1]
            items.append((name, scalar))
            if self._peek() != ",":
                return items
            self._take()

    def _either(self) -> Scalar:
        left = self._both()
        while self._peek().lower() == "or":
            self._take()
            left = _or(left, self._both())
        return left

    def _both(self) -> Scalar:
        left = self._one()
        while self._peek().lower() == "and":
            self._take()
            left = _and(left, self._one())
        return left

    def _one(self) -> Scalar:
        if self._peek() == "(":
            grouped: Scalar = self._parenthesised(self._either)
            return grouped
        if self._peek().lower() == "not":
            self._take()
            inner: Scalar = self._parenthesised(self._either)
            return lambda row: not inner(row)
        if self._peek().lower() in ("isempty", "isnotempty", "isnull", "isnotnull"):
            wanted = self._take().lower() in ("isempty", "isnull")
            scalar: Scalar = self._parenthesised(lambda: self._scalar()[1])
            return lambda row: (scalar(row) in (None, "")) == wanted
        return self._comparison()

    def _comparison(self) -> Scalar:
        left = self._scalar()[1]
        sign = self._take()
        if sign.lower() not in _SIGNS:
            raise QueryError(sign)
        if sign.lower().lstrip("!").startswith("in"):
            self._expect("(")
            values = [self._scalar()[1]({})]
            while self._peek() == ",":
                self._take()
                values.append(self._scalar()[1]({}))
            self._expect(")")
            return _membership(left, values, sign.lower())
        return _comparing(left, self._scalar()[1], sign.lower())

    def _scalar(self) -> tuple[str, Scalar]:
        """A column, a path below it, a literal, or a function of one; with the name that it has when projected."""
        token = self._take()
        if token[:1] in "'\"" and token:
            text = re.sub(r"\\(.)", r"\1", token[1:-1])
            return "", lambda row: text
        if token.isdigit() or token.lower() in ("true", "false"):
            value = int(token) if token.isdigit() else token.lower() == "true"
            return "", lambda row: value
        if self._peek() == "(" and token.lower() in _FUNCTIONS:
            function, (name, inner) = _FUNCTIONS[token.lower()], self._parenthesised(self._scalar)
            return name, lambda row: function(inner(row))
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise QueryError(token)
        return self._path(token)

    def _path(self, column: str) -> tuple[str, Scalar]:
        steps: list[str] = []
        while self._peek() in (".", "["):
            if self._take() == ".":
                steps.append(self._word())
            else:
                steps.append(self._take().strip("'\""))
                self._expect("]")
        return "_".join([column, *steps]), lambda row: _read(row, column, steps)

    def _parenthesised(self, parse: Callable[[], Json]) -> Json:
        self._expect("(")
        value = parse()
        self._expect(")")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at]

    def _take(self) -> str:
        token = self._tokens[self._at]
        if token == _END:
            raise QueryError("<EOF>")
        self._at += 1
        return token

    def _word(self) -> str:
        token = self._take()
        if not re.fullmatch(r"[A-Za-z_][\w-]*", token):
            raise QueryError(token)
        return token

    def _number(self) -> str:
        token = self._take()
        if not token.isdigit():
            raise QueryError(token)
        return token

    def _expect(self, wanted: str) -> None:
        token = self._take()
        if token != wanted:
            raise QueryError(token)


_FUNCTIONS: Final[dict[str, Callable[[Json], Json]]] = {
    "tolower": lambda value: str(value).lower() if value is not None else "",
    "toupper": lambda value: str(value).upper() if value is not None else "",
    "tostring": lambda value: str(value) if value is not None else "",
}


def _read(row: Row, column: str, steps: list[str]) -> Json:
    if column not in row:
        raise QueryError(column, f"Failed to resolve column or scalar expression named '{column}'")
    value: Json = row[column]
    for step in steps:
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _where(condition: Scalar) -> Callable[[Rows], Rows]:
    return lambda given: replace(given, rows=[row for row in given.rows if condition(row)])


def _project(items: list[tuple[str, Scalar]]) -> Callable[[Rows], Rows]:
    names = tuple(name for name, _ in items)
    return lambda given: replace(given, rows=[{name: scalar(row) for name, scalar in items} for row in given.rows], columns=names)


def _extend(items: list[tuple[str, Scalar]]) -> Callable[[Rows], Rows]:
    def extend(given: Rows) -> Rows:
        rows = [{**row, **{name: scalar(row) for name, scalar in items}} for row in given.rows]
        return replace(given, rows=rows, columns=tuple(dict.fromkeys([*given.columns, *(name for name, _ in items)])))

    return extend


def _sort(keys: list[tuple[Scalar, bool]]) -> Callable[[Rows], Rows]:
    def sort(given: Rows) -> Rows:
        rows = list(given.rows)
        for scalar, descending in reversed(keys):
            rows.sort(key=lambda row, read=scalar: str(read(row) or "").lower(), reverse=descending)  # type: ignore[misc]  # default binds the loop's value
        return replace(given, rows=rows)

    return sort


def _limit(most: int) -> Callable[[Rows], Rows]:
    return lambda given: replace(given, rows=given.rows[:most], limited=given.limited or len(given.rows) > most)


def _or(left: Scalar, right: Scalar) -> Scalar:
    return lambda row: left(row) or right(row)


def _and(left: Scalar, right: Scalar) -> Scalar:
    return lambda row: left(row) and right(row)


def _membership(left: Scalar, values: list[Json], sign: str) -> Scalar:
    fold, negative = sign.endswith("~"), sign.startswith("!")
    wanted = {_folded(value) if fold else value for value in values}
    return lambda row: ((_folded(left(row)) if fold else left(row)) in wanted) != negative


def _comparing(left: Scalar, right: Scalar, sign: str) -> Scalar:
    match sign:
        case "==" | "!=":
            return lambda row: (left(row) == right(row)) == (sign == "==")
        case "=~" | "!~":
            return lambda row: (_folded(left(row)) == _folded(right(row))) == (sign == "=~")
        case "startswith":
            return lambda row: _folded(left(row)).startswith(_folded(right(row)))
        case "endswith":
            return lambda row: _folded(left(row)).endswith(_folded(right(row)))
        case _:
            return lambda row: _folded(right(row)) in _folded(left(row))


def _folded(value: Json) -> str:
    return "" if value is None else str(value).lower()
