"""All loaded rules with the relations they may follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from scanner.language.context import did_you_mean
from scanner.language.expressions import Template
from scanner.language.scope import Default
from scanner.model.errors import ConfigurationError, Fault
from scanner.rules.rule import Rule

__all__ = ["Glossary", "Join", "Relation", "RuleSet"]


@dataclass(frozen=True, slots=True)
class Join:
    """Values at `left` of one resource that equal values at `right` of another; `left_path` is empty for an expression."""

    left_path: str
    left_template: Template | None
    right: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A named hash join between types; `*` is any type."""

    name: str
    from_types: tuple[str, ...]
    to_types: tuple[str, ...]
    on: tuple[Join, ...]


@dataclass(frozen=True)
class Glossary:
    """What documents tell beside the rules: titles of controls, what named conditions and relations mean, and what Azure
    assumes for absent properties, by compared type and lower-case path.
    """

    controls: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    relations: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[tuple[str, str], Default] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order of their ids; `hash` stands for the content of every file they came from, `redirects` are the
    present ids by former ones.
    """

    rules: tuple[Rule, ...]
    relations: Mapping[str, Relation]
    hash: str
    redirects: Mapping[str, str] = field(default_factory=dict)
    glossary: Glossary = field(default_factory=Glossary)

    def get(self, rule_id: str) -> Rule | None:
        """A rule by its id, or by one that it had before."""
        wanted = self.redirects.get(rule_id, rule_id)
        return next((rule for rule in self.rules if rule.id == wanted), None)

    def just(self, rule: Rule) -> RuleSet:
        """A set of one."""
        return replace(self, rules=(rule,))

    def select(self, only: Iterable[str] = (), skip: Iterable[str] = ()) -> RuleSet:
        """The rules of some ids (former ones too), controls or families, without others; a word that names none is an error."""
        wanted, unwanted = ([self.redirects.get(word.upper(), word) for word in words] for words in (only, skip))
        known = {word.lower() for rule in self.rules for word in (rule.id, rule.control, rule.family)}
        faults = [
            Fault(
                option,
                0,
                f'no rule, control or family is called "{word}"{did_you_mean(word.upper(), {item.upper() for item in known})}',
            )
            for option, words in (("--only", wanted), ("--skip", unwanted))
            for word in words
            if word.lower() not in known
        ]
        if faults:
            raise ConfigurationError(faults)
        chosen = tuple(rule for rule in self.rules if (not wanted or _named(rule, wanted)) and not _named(rule, unwanted))
        return replace(self, rules=chosen)


def _named(rule: Rule, words: list[str]) -> bool:
    lowered = {word.lower() for word in words}
    return bool(lowered & {rule.id.lower(), rule.control.lower(), rule.family.lower()})
