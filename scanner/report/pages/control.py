"""What the page of one control shows, as plain data for its layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.engine.doctor import planned_types
from scanner.engine.plan import plan_binding, plan_reads
from scanner.facts import FACTS
from scanner.language.markdown import Markdown, code, escaped, fenced
from scanner.model.read_plan import read_permission
from scanner.model.resource import canonical_type
from scanner.model.verdict import Severity, Verdict
from scanner.report.pages.baseline_uses import facts_of, parameters_of, rows_of, tables_of
from scanner.report.pages.condition_words import Line, Speaker, nested, value_words
from scanner.report.pages.examples import Example
from scanner.report.pages.yaml_text import yaml_text
from scanner.rules.baseline import Baseline
from scanner.rules.rule import Rule
from scanner.rules.rule_set import RuleSet

__all__ = ["Control", "View", "bound_permissions", "control_view", "mode_of"]

Json = Any
View = dict[str, Any]
_EVIDENCE: Final = "driftline/evidence"
#: Lines that a block may have before it is folded away.
_LINES: Final = 30
_JUDGED: Final = ("target", "unknown_when", "assert")


@dataclass(frozen=True)
class Control:
    """A control: its rules, in the order of their ids, and where its page lies."""

    id: str
    title: str
    rules: tuple[Rule, ...]
    page: str
    mode: str = "auto"
    severities: tuple[Severity, ...] = ()


def bound_permissions(baseline: Baseline) -> list[str]:
    """What must be read to find the components of the baseline."""
    return sorted(map(read_permission, planned_types(plan_binding(baseline))))


def mode_of(rules: Sequence[Rule], rule_set: RuleSet) -> str:
    """From what a control is decided: Azure's state (auto), files that people or pipelines supply (evidence), or both."""
    only = all(set(map(canonical_type, rule.target.types)) == {_EVIDENCE} for rule in rules)
    return "evidence" if only else "auto or evidence" if any(_asks(rule, rule_set) for rule in rules) else "auto"


def _asks(rule: Rule, rule_set: RuleSet) -> bool:
    known = (rule_set.relations.get(name) for name in rule.uses.relations)
    followed = [name for relation in known if relation is not None for name in relation.to_types]
    asked = any(canonical_type(name) == _EVIDENCE for name in (*rule.target.types, *followed))
    return asked or bool(rule.uses.evidence)


def control_view(
    control: Control, rule_set: RuleSet, baseline: Baseline, examples: Mapping[str, Mapping[Verdict, Example]]
) -> View:
    """Everything that the layout of a control's page names."""
    return {
        "control": control,
        "rules": [_rule_view(rule, rule_set, baseline, examples.get(rule.id, {})) for rule in control.rules],
        "sections": sorted({rule.section for rule in control.rules if rule.section}),
        "pillars": sorted({rule.pillar for rule in control.rules}),
        "frameworks": _frameworks(control.rules),
        "permissions": _permissions(control.rules, rule_set, baseline),
        "parameters": list(_parameters(control.rules, baseline)),
        "tables": sorted({name for rule in control.rules for name in tables_of(rule)}),
        "causes": sorted({cause for rule in control.rules for cause in rule.consequence_of}),
        "effects": sorted(
            other.id for other in rule_set.rules if set(other.consequence_of) & {rule.id for rule in control.rules}
        ),
    }


def _rule_view(rule: Rule, rule_set: RuleSet, baseline: Baseline, examples: Mapping[Verdict, Example]) -> View:
    written = rule.written
    speaker = Speaker(rule_set.glossary, rule.target.types)
    doubts = written.get("unknown_when") or []
    return {
        "rule": rule,
        "target": _target_words(rule),
        "where": _said("where", speaker.lines(written["target"]["where"])) if "where" in written["target"] else "",
        "assertion": _said("It passes when", speaker.lines(written["assert"])),
        "doubts": [
            _said(f"It is unknown (“{escaped(item['reason'].rstrip('.'))}”) when", speaker.lines(item["condition"]))
            for item in (doubts if isinstance(doubts, list) else [doubts])
        ],
        "yaml": fenced(yaml_text({key: written[key] for key in _JUDGED if written.get(key)})),
        "rows": [(name, _folded(yaml_text(rows))) for name, rows in rows_of(rule, baseline).items()],
        "failing": _folded(examples[Verdict.FAIL].text) if Verdict.FAIL in examples else "",
        "passing": _folded(examples[Verdict.PASS].text) if Verdict.PASS in examples else "",
        "message": escaped(examples[Verdict.FAIL].message) if Verdict.FAIL in examples else "",
        "steps": nested(_steps(written)),
    }


def _folded(text: str) -> Markdown:
    """YAML as a block; what is long is folded away."""
    block, lines = fenced(text), text.count("\n")
    if lines <= _LINES:
        return block
    return Markdown(f"<details><summary>{lines} lines</summary>\n\n{block}\n\n</details>")


def _target_words(rule: Rule) -> Markdown:
    """What a rule looks at, as the end of a sentence."""
    target = rule.target
    facts = facts_of(rule)
    *others, last = map(code, target.types)
    named = f"{', '.join(others)} or {last}" if others else last
    words = f"{'each document of the fact' if facts else 'each'} {named}"
    if len(facts) == 1 and facts[0].one_per:
        words += f" (one per {escaped(facts[0].one_per)})"
    if target.name:
        words += f" called {code(target.name)}"
    if target.component:
        words += f" that the baseline knows as {code(target.component)}"
    if target.each is not None:
        words += f", and of it each of {value_words(target.each.text) if target.each.template else code(target.each.text)}"
    return Markdown(words)


def _said(head: str, lines: Sequence[Line]) -> Markdown:
    """A sentence where one condition needs no more, else a list under its head."""
    if len(lines) == 1:
        return Markdown(f"{head} {lines[0].text}" + (f"\n\n{nested(lines[0].below)}" if lines[0].below else "."))
    return Markdown(f"{head}:\n\n{nested(lines)}")


def _frameworks(rules: Iterable[Rule]) -> list[tuple[str, list[str]]]:
    """The ids of each framework that the rules map to, in the order of the rules."""
    found: dict[str, dict[str, None]] = {}
    for rule in rules:
        for name, ids in rule.frameworks.items():
            found.setdefault(name, {}).update(dict.fromkeys(ids))
    return [(name, list(ids)) for name, ids in sorted(found.items()) if ids]


def _permissions(rules: Sequence[Rule], rule_set: RuleSet, baseline: Baseline) -> View:
    """What may have to be read: the rules' own, and whether the components of the baseline must be found too."""
    chosen = replace(rule_set, rules=tuple(rules))
    needed, bound = planned_types(plan_reads(chosen, baseline)), set(planned_types(plan_binding(baseline)))
    own = {canonical_type(name) for rule in rules for name in _own_types(rule, rule_set, baseline)}
    finds = bool(bound) and bound <= set(needed)
    shown = [name for name in needed if not finds or canonical_type(name) in own or name not in bound]
    permissions = sorted(map(read_permission, shown))
    return {"own": permissions, "finds": finds, "reader": all(name.endswith("/read") for name in permissions)}


def _own_types(rule: Rule, rule_set: RuleSet, baseline: Baseline) -> Iterator[str]:
    """What a rule names itself, or the facts that it targets."""
    for name in rule.target.types:
        fact = FACTS.get(canonical_type(name))
        if fact is None:
            yield name
            continue
        needs = fact.needs(baseline)
        yield from needs.types
        yield from (child.type for child in needs.children)
        yield from (extension.what for extension in needs.extensions)
    for relation in rule.uses.relations:
        known = rule_set.relations.get(relation)
        yield from known.to_types if known is not None else [relation.partition(":")[2]]


def _parameters(rules: Iterable[Rule], baseline: Baseline) -> Iterator[View]:
    wanted = {name for rule in rules for name in parameters_of(rule, baseline)}
    for item in baseline.described:
        if item.name in wanted:
            usual = item.values.get(baseline.environments[0], item.value)
            others = [(key, value) for key, value in item.values.items() if value != usual]
            shown = "; ".join([_plain(usual), *(f"{escaped(key)}: {_plain(value)}" for key, value in others)])
            yield {"name": item.name, "doc": item.doc, "shown": Markdown(shown)}


def _plain(value: Json) -> Markdown:
    return Markdown("nothing") if value in ([], {}, "") else code(yaml_text(value).removesuffix("...\n"))


def _steps(written: Mapping[str, Json]) -> Iterator[Line]:
    """The steps of a fix in words."""
    for step in (written.get("fix") or {}).get("steps", []):
        for operation, data in step.items():
            yield _STEPS[operation](data)


def _set_words(data: Mapping[str, Json]) -> Line:
    values = tuple(Line(Markdown(f"{code(path)} to {value_words(value)}")) for path, value in data["values"].items())
    return Line(Markdown(f"Set, on {_resource_words(data)}:"), values)


def _create_words(data: Mapping[str, Json]) -> Line:
    return Line(Markdown(f"Create {_resource_words(data)}."))


def _remove_words(data: Mapping[str, Json]) -> Line:
    return Line(Markdown(f"Remove {_resource_words(data)}."))


def _action_words(data: Mapping[str, Json]) -> Line:
    return Line(Markdown(f"Call {code(data['operation'])} of {_resource_words(data)}."))


def _manual_words(data: Mapping[str, Json]) -> Line:
    choices = tuple(Line(escaped(choice)) for choice in data.get("choices", []))
    several = choices if len(choices) > 1 else ()
    return Line(Markdown(f"By hand: {escaped(data['text'].rstrip('.'))}{'; for example:' if several else '.'}"), several)


def _resource_words(data: Mapping[str, Json]) -> Markdown:
    return Markdown("the resource") if data["resource"] == "[field('id')]" else value_words(data["resource"])


_STEPS: Final = {
    "set": _set_words, "create": _create_words, "remove": _remove_words, "action": _action_words, "manual": _manual_words,
}  # fmt: skip
