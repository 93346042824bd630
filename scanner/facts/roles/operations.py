"""Operations of roles as sets of texts: patterns with `*`, less other patterns, united. Inclusion is decided exactly.

A role's actions less its notActions, and its data actions less its notDataActions, each unite over its permissions. `*` stands
for any text, slashes too; letter case does not count. Whether one set lies within another is a question of regular languages:
all patterns run side by side over ever longer texts until one text is in the first set and not in the second, or none is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ["EntangledError", "Permission", "includes", "overlap", "witness"]

#: What every operation ends in. A text that does not is none, so it is no witness.
_VERBS: Final = ("read", "write", "delete", "action")
#: Any other letter than those of the patterns.
_OTHER: Final = "\N{REPLACEMENT CHARACTER}"
_MOST_STATES: Final = 100_000


class EntangledError(Exception):
    """The patterns are so entangled that the question was given up."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What one entry of a role allows: `allowed` less `excluded`, patterns in lower case. `data` tells data actions."""

    allowed: frozenset[str]
    excluded: frozenset[str] = frozenset()
    data: bool = False

    def allows(self, operation: str) -> bool:
        """Whether it allows an operation, in lower case."""
        return _any(self.allowed, operation) and not _any(self.excluded, operation)


def witness(
    granted: Iterable[Permission],
    agreed: Collection[Permission],
    *,
    within: Collection[str] = ("*",),
    telling: Iterable[str] = (),
) -> tuple[str, bool] | None:
    """An operation that is granted and not agreed, and whether it is a data action; None where there is none.

    `within` are patterns that it has to match; of the `telling` operations the first that serves is taken.
    """
    telling = [item.lower() for item in telling]
    for permission in granted:
        against = tuple(item for item in agreed if item.data == permission.data)
        for pattern in sorted(permission.allowed):
            if _is_agreed(pattern, permission.excluded, against):
                continue
            for bound in within:
                found = _search(pattern, bound.lower(), permission.excluded, against, (*telling, pattern, bound.lower()))
                if found is not None:
                    return found, permission.data
    return None


def includes(wide: str, narrow: str) -> bool:
    """Whether every text of one pattern is one of another. False may also mean: not seen at a glance."""
    return _matches(wide, narrow)


def _is_agreed(pattern: str, excluded: frozenset[str], agreed: tuple[Permission, ...]) -> bool:
    """Whether one agreed permission holds the pattern at a glance: most do."""
    return any(
        any(includes(wide, pattern) for wide in permission.allowed)
        and all(any(includes(out, hole) for out in excluded) or not overlap(hole, pattern) for hole in permission.excluded)
        for permission in agreed
    )


def _search(
    pattern: str, within: str, excluded: frozenset[str], agreed: tuple[Permission, ...], telling: tuple[str, ...]
) -> str | None:
    for operation in telling:
        if "*" in operation or not _is_operation(operation) or not (_matches(within, operation) and _matches(pattern, operation)):
            continue
        if not _any(excluded, operation) and not any(item.allows(operation) for item in agreed):
            return operation
    relevant = tuple(item for item in agreed if any(overlap(one, pattern) for one in item.allowed))
    return _shortest(pattern, within, frozenset(item for item in excluded if overlap(item, pattern)), relevant)


def _is_operation(text: str) -> bool:
    return text.rpartition("/")[2] in _VERBS and text.count("/") > 0


def _any(patterns: Iterable[str], operation: str) -> bool:
    return any(_matches(pattern, operation) for pattern in patterns)


@lru_cache(maxsize=200_000)
def _matches(pattern: str, text: str) -> bool:
    """Whether a text is one of a pattern. A `*` in the text is a letter that only `*` matches, so that it holds for patterns."""
    first, *parts = pattern.split("*")
    if not parts:
        return pattern == text
    if not text.startswith(first):
        return False
    at = len(first)
    for part in parts[:-1]:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - at >= len(parts[-1]) and text.endswith(parts[-1])


@lru_cache(maxsize=200_000)
def overlap(left: str, right: str) -> bool:
    """Whether some text is one of both patterns."""
    reach = {0}
    for letter in [*left, ""]:
        reach = set(_through_stars(reach, right))
        if letter == "":
            return len(right) in reach
        if letter == "*":
            reach = set(range(min(reach), len(right) + 1)) if reach else reach
        else:
            reach = {at if right[at] == "*" else at + 1 for at in reach if at < len(right) and right[at] in ("*", letter)}
        if not reach:
            return False
    return False


def _through_stars(reach: set[int], pattern: str) -> Iterator[int]:
    for start in reach:
        at = start
        yield at
        while at < len(pattern) and pattern[at] == "*":
            at += 1
            yield at


class _Machine:
    """Patterns side by side: one bit for each place in each of them. A step reads one letter in all of them at once."""

    def __init__(self, patterns: list[str]) -> None:
        self.start = self.stars = self.open_ends = 0
        self.ends: list[int] = []
        self.spans: list[int] = []
        self.letters: dict[str, int] = {}
        base = 0
        for pattern in patterns:
            self.start |= 1 << base
            for at, letter in enumerate(pattern):
                if letter == "*":
                    self.stars |= 1 << (base + at)
                else:
                    self.letters[letter] = self.letters.get(letter, 0) | 1 << (base + at)
            end = base + len(pattern)
            self.ends.append(1 << end)
            self.spans.append(((1 << (len(pattern) + 1)) - 1) << base)
            base = end + 1
        self.start = self._spread(self.start)

    def step(self, state: int, letter: str) -> int:
        """The places after one more letter."""
        return self._spread(((state & self.letters.get(letter, 0)) << 1) | (state & self.stars))

    def _spread(self, state: int) -> int:
        return state | (state & self.stars) << 1


def _shortest(pattern: str, within: str, excluded: frozenset[str], agreed: tuple[Permission, ...]) -> str | None:
    """The shortest operation of `pattern` and of `within` that is neither excluded nor agreed; None where there is none."""
    shapes = [f"*/{verb}" for verb in _VERBS]
    groups = [[pattern], [within], shapes, sorted(excluded)]
    groups += [group for item in agreed for group in (sorted(item.allowed), sorted(item.excluded))]
    machine = _Machine([_single_stars(item) for group in groups for item in group])
    ends, spans = list(_by_group(groups, machine.ends)), list(_by_group(groups, machine.spans))
    alphabet = [*sorted(machine.letters), _OTHER]

    def meant(state: int) -> bool:
        if not all(state & end for end in ends[:3]) or state & ends[3]:
            return False
        return not any(state & yes and not state & no for yes, no in zip(ends[4::2], ends[5::2], strict=True))

    def hopeless(state: int) -> bool:
        return not (state & spans[0] and state & spans[1]) or bool(state & ends[3] & machine.stars << 1)

    before: dict[int, tuple[int, str]] = {machine.start: (-1, "")}
    waiting = deque([machine.start])
    while waiting:
        state = waiting.popleft()
        if meant(state):
            return _text(state, before)
        if len(before) > _MOST_STATES:
            raise EntangledError
        for letter in alphabet:
            after = machine.step(state, letter)
            if after not in before and not hopeless(after):
                before[after] = (state, letter)
                waiting.append(after)
    return None


def _single_stars(pattern: str) -> str:
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    return pattern


def _by_group(groups: list[list[str]], bits: list[int]) -> Iterator[int]:
    at = 0
    for group in groups:
        together = 0
        for bit in bits[at : at + len(group)]:
            together |= bit
        yield together
        at += len(group)


def _text(state: int, before: dict[int, tuple[int, str]]) -> str:
    letters: list[str] = []
    while state in before and before[state][0] >= 0:
        state, letter = before[state]
        letters.append("x" if letter == _OTHER else letter)
    return "".join(reversed(letters))
