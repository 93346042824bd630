"""Array functions, those that arrays share with text and objects, and lambdas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cmp_to_key
from typing import Any, Final

from scanner.language.functions.table import Function
from scanner.language.functions.values import Lambda, LambdaScope, array, integer, kind, mapping, same, text, to_text, wrong
from scanner.model.unknown import Truth, Unknown, any_of

__all__ = ["ARRAYS"]

Json = Any

#: Ours: repeated in a lambda, joining a value with itself doubles it each time.
_MAX_JOINED: Final = 4_194_304


def _concat(*parts: Json) -> Json:
    if sum(len(part) for part in parts if isinstance(part, str | list)) > _MAX_JOINED:
        return wrong(f"makes at most {_MAX_JOINED} characters or elements")
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    if any(isinstance(part, list | dict) for part in parts):
        return wrong("joins arrays with arrays, or values as text; not both")
    return "".join(to_text(part) for part in parts)


def _contains(container: Json, item: Json) -> Truth:
    if isinstance(container, str):
        return to_text(item) in container
    if isinstance(container, list):
        return any_of(element if isinstance(element, Unknown) else same(element, item) for element in container)
    if isinstance(container, Mapping):
        return text(item).lower() in {key.lower() for key in container}
    return wrong(f"looks into text, arrays and objects, not {kind(container)}")


def _empty(value: Json) -> bool:
    return value is None or (
        len(value) == 0 if isinstance(value, str | list | dict) else wrong(f"cannot be asked of {kind(value)}")
    )


def _length(value: Json) -> int:
    return len(value) if isinstance(value, str | list | Mapping) else wrong(f"cannot be asked of {kind(value)}")


def _sequence(value: Json) -> str | list[Json]:
    return value if isinstance(value, str | list) else wrong(f"expected text or an array, got {kind(value)}")


def _first(value: Json) -> Json:
    items = _sequence(value)
    return items[0] if items else ("" if isinstance(items, str) else None)


def _last(value: Json) -> Json:
    items = _sequence(value)
    return items[-1] if items else ("" if isinstance(items, str) else None)


def _index_of(value: Json, item: Json) -> int:
    if isinstance(value, str):
        return value.lower().find(text(item).lower())
    return next((at for at, element in enumerate(array(value)) if same(element, item)), -1)


def _last_index_of(value: Json, item: Json) -> int:
    if isinstance(value, str):
        return value.lower().rfind(text(item).lower())
    return next((at for at in range(len(array(value)) - 1, -1, -1) if same(value[at], item)), -1)


def _index_from_end(value: Json, at: Json) -> Json:
    """The element of a number from 1, counted from the end."""
    items = array(value)
    if not 1 <= integer(at) <= len(items):
        wrong(f"there is no element {at} from the end of {len(items)}")
    return items[-at]


def _try_index_from_end(value: Json, at: Json) -> Json:
    items = array(value) if value is not None else []
    return items[-at] if 1 <= integer(at) <= len(items) else None


def _flatten(value: Json) -> Json:
    items = array(value)
    whole = _known([item for item in items if isinstance(item, Unknown)])
    return whole if isinstance(whole, Unknown) else [inner for item in items for inner in array(item)]


def _skip(value: Json, count: Json) -> Json:
    return _sequence(value)[max(integer(count), 0) :]


def _take(value: Json, count: Json) -> Json:
    return _sequence(value)[: max(integer(count), 0)]


def _range(start: Json, count: Json) -> list[int]:
    first, size = integer(start), integer(count)
    if not 0 <= size <= 10_000:
        wrong("makes 0 to 10000 integers")
    return list(range(first, first + size))


def _intersection(*values: Json) -> Json:
    if all(isinstance(value, list) for value in values):
        first, *others = values
        return [item for at, item in enumerate(first) if all(any(same(item, other) for other in items) for items in others)
                and not any(same(item, earlier) for earlier in first[:at])]  # fmt: skip
    objects = [mapping(value) for value in values]
    return {
        key: item for key, item in objects[0].items() if all(key in other and same(other[key], item) for other in objects[1:])
    }


def _union(*values: Json) -> Json:
    if all(isinstance(value, list) for value in values):
        unknown = _known([item for value in values for item in value])
        if isinstance(unknown, Unknown):
            return unknown
        merged: list[Json] = []
        for item in (element for value in values for element in value):
            if not any(same(item, known) for known in merged):
                merged.append(item)
        return merged
    result: dict[str, Json] = {}
    for value in values:
        _merge(result, mapping(value))
    return result


def _merge(into: dict[str, Json], more: Mapping[str, Json]) -> None:
    for key, item in more.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(item, Unknown):
            into[key] = item  # whatever it is, the merged object is not known
            continue
        if isinstance(known, Unknown) and isinstance(item, Mapping):
            continue
        if isinstance(known, dict) and isinstance(item, Mapping):
            copy = dict(known)
            _merge(copy, item)
            into[key] = copy
        else:
            into[key] = item


def _lambda(scope: Any, *thunks: Callable[[Any], Json]) -> Json:
    names = tuple(text(thunk(scope)) for thunk in thunks[:-1])
    return Lambda(names, thunks[-1], scope)


def _lambda_variables(scope: Any, name: Json) -> Json:
    return scope.variable(text(name)) if isinstance(scope, LambdaScope) else wrong("stands in no lambda")


def _lambda_of(value: Json) -> Lambda:
    return value if isinstance(value, Lambda) else wrong("expected a lambda")


def _known(values: list[Json]) -> Json:
    """The list, or unknown when an element is."""
    reasons = [reason for value in values if isinstance(value, Unknown) for reason in value.reasons]
    return Unknown(tuple(dict.fromkeys(reasons))) if reasons else values


def _map(items: Json, function: Json) -> Json:
    apply = _lambda_of(function)
    return _known([apply(item, at) for at, item in enumerate(array(items))])


def _filter(items: Json, function: Json) -> Json:
    decide = _lambda_of(function)
    decided = [(item, decide.decides(item, at)) for at, item in enumerate(array(items))]
    unknown = _known([truth for _, truth in decided])
    return unknown if isinstance(unknown, Unknown) else [item for item, truth in decided if truth]


def _reduce(items: Json, start: Json, function: Json) -> Json:
    apply, result = _lambda_of(function), start
    for at, item in enumerate(array(items)):
        result = apply(result, item, at)
        if isinstance(result, Unknown):
            return result
    return result


def _sort(items: Json, function: Json) -> Json:
    comes_first = _lambda_of(function)

    def order(left: Json, right: Json) -> int:
        if _sure(comes_first.decides(left, right)):
            return 0 if _sure(comes_first.decides(right, left)) else -1
        return 1

    return sorted(array(items), key=cmp_to_key(order))


def _sure(truth: Truth) -> bool:
    return wrong(str(truth)) if isinstance(truth, Unknown) else truth


def _group_by(items: Json, function: Json) -> Json:
    key_of, groups = _lambda_of(function), dict[str, list[Json]]()
    keys = _known([key_of(item) for item in array(items)])
    if isinstance(keys, Unknown):
        return keys
    for key, item in zip(keys, items, strict=True):
        groups.setdefault(to_text(key), []).append(item)
    return groups


def _to_object(items: Json, key_function: Json, value_function: Json = None) -> Json:
    key_of = _lambda_of(key_function)
    keys = _known([key_of(item) for item in array(items)])
    values = items if value_function is None else _known([_lambda_of(value_function)(item) for item in items])
    if isinstance(keys, Unknown) or isinstance(values, Unknown):
        return keys if isinstance(keys, Unknown) else values
    return {to_text(key): value for key, value in zip(keys, values, strict=True)}


def _map_values(value: Json, function: Json) -> Json:
    apply, source = _lambda_of(function), mapping(value)
    results = _known([apply(item) for item in source.values()])
    return results if isinstance(results, Unknown) else dict(zip(source, results, strict=True))


ARRAYS: Final = (
    Function("array", 1, 1, lambda value: value if isinstance(value, list) else [value], structural=True),
    Function("concat", 1, None, _concat, structural=True),
    Function("contains", 2, 2, _contains, structural=True),
    Function("createArray", 0, None, lambda *items: list(items), holds_unknown=True),
    Function("empty", 1, 1, _empty, structural=True),
    Function("filter", 2, 2, _filter, takes_lambdas=True, structural=True),
    Function("first", 1, 1, _first, structural=True),
    Function("flatten", 1, 1, _flatten, structural=True),
    Function("groupBy", 2, 2, _group_by, takes_lambdas=True, structural=True),
    Function("indexFromEnd", 2, 2, _index_from_end, structural=True),
    Function("indexOf", 2, 2, _index_of),
    Function("intersection", 2, None, _intersection),
    Function("lambda", 1, None, _lambda, lazy=True),
    Function("lambdaVariables", 1, 1, _lambda_variables, takes_scope=True),
    Function("last", 1, 1, _last, structural=True),
    Function("lastIndexOf", 2, 2, _last_index_of),
    Function("length", 1, 1, _length, structural=True),
    Function("map", 2, 2, _map, takes_lambdas=True, structural=True),
    Function("mapValues", 2, 2, _map_values, takes_lambdas=True, structural=True),
    Function("range", 2, 2, _range),
    Function("reduce", 3, 3, _reduce, takes_lambdas=True, structural=True),
    Function("skip", 2, 2, _skip, structural=True),
    Function("sort", 2, 2, _sort, takes_lambdas=True),
    Function("take", 2, 2, _take, structural=True),
    Function("toObject", 2, 3, _to_object, takes_lambdas=True, structural=True),
    Function("tryIndexFromEnd", 2, 2, _try_index_from_end, structural=True),
    Function("union", 1, None, _union, structural=True),
)
