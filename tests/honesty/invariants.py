"""What must hold between a scan and a scan of the same place that could see less."""

from __future__ import annotations

from scanner.model.resource_id import is_within, normalise
from scanner.model.result import Result
from scanner.model.verdict import Verdict

__all__ = ["Key", "judged", "passes", "silenced", "verdicts"]

#: Rule, subject, compared resource id.
Key = tuple[str, str, str]


def verdicts(result: Result, verdict: Verdict) -> set[Key]:
    """What has this verdict."""
    if verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE):
        table = result.passes if verdict is Verdict.PASS else result.not_applicable
        return {(item.rule, item.subject, normalise(one)) for item in table for one in item.resources}
    return {(item.rule, item.subject, normalise(item.resource)) for item in result.findings if item.verdict is verdict}


def passes(result: Result) -> set[Key]:
    """What passed."""
    return verdicts(result, Verdict.PASS)


def judged(result: Result) -> set[Key]:
    """Everything with a verdict."""
    return {key for verdict in Verdict for key in verdicts(result, verdict)}


def silenced(before: Result, after: Result) -> set[Key]:
    """What passed, failed or was unknown and has no verdict now, with no unknown of its rule at or above its place to say so.

    Where a rule does not apply, a place that can no longer be seen may be left out: nothing was said of it, and nothing is.
    """
    unknown: dict[str, set[str]] = {}
    for rule, _, place in verdicts(after, Verdict.UNKNOWN):
        unknown.setdefault(rule, set()).add(place)
    lost = judged(before) - verdicts(before, Verdict.NOT_APPLICABLE) - judged(after)
    return {item for item in lost if not any(is_within(item[2], place) for place in unknown.get(item[0], ()))}
