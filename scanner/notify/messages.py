"""What is told, and how each receiver wants it: JSON of our own, an Adaptive Card for Teams, blocks for Slack.

Names come from Azure and are hostile: each form escapes what it would act upon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scanner.language.markdown import escaped
from scanner.language.messages import printable
from scanner.model.result import Result, SinceChange
from scanner.model.verdict import Severity

__all__ = ["Notice", "notice_of", "slack_message", "teams_message", "webhook_message"]

Json = Any
NOTIFICATION_SCHEMA: Final = "driftline.notification/1"
#: What a deployment made worse.
_WORSE: Final = ("regressed", "new", "waiver_expired", "became_unreadable")
_MOST: Final = 10
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """What became worse at or above a level since an earlier scan, worst first."""

    scan: str
    workloads: tuple[str, ...]
    environment: str
    since: str
    changes: tuple[SinceChange, ...]

    @property
    def title(self) -> str:
        """One line."""
        names = ", ".join(printable(name, longest=60) for name in self.workloads) or "driftline"
        what = "finding" if len(self.changes) == 1 else "findings"
        return f"{names} ({printable(self.environment)}): {len(self.changes)} new or regressed {what}"


def notice_of(result: Result, level: Severity) -> Notice | None:
    """What is to be told of a result; None where nothing became worse at or above the level, or no earlier scan is known."""
    if result.since is None:
        return None
    worse = [item for item in result.since.changes if item.kind in _WORSE and item.severity.at_least(level) and not item.waived]
    if not worse:
        return None
    worse.sort(key=lambda item: (item.severity.rank, item.rule, item.resource.lower(), item.subject))
    names = tuple(item.name for item in result.workloads)
    return Notice(result.scan.id, names, result.scan.environment, result.since.started, tuple(worse))


def webhook_message(notice: Notice) -> Json:
    """The document `driftline.notification/1`: everything, for machines."""
    return {
        "schema": NOTIFICATION_SCHEMA,
        "scan": notice.scan,
        "workloads": list(notice.workloads),
        "environment": notice.environment,
        "since": notice.since,
        "changes": [
            {
                "kind": item.kind, "rule": item.rule, "title": item.title, "severity": item.severity.value,
                "resource": item.resource, "subject": item.subject, "reason": item.reason,
            }
            for item in notice.changes
        ],
    }  # fmt: skip


def teams_message(notice: Notice) -> Json:
    """A message with an Adaptive Card, as the webhook of a Teams workflow takes it (Microsoft's page on incoming webhooks).
    Its text blocks understand some Markdown.
    """
    lines = [f"**{item.severity.value}** {item.rule} {escaped(_words(item))}" for item in notice.changes[:_MOST]]
    body = [{"type": "TextBlock", "text": escaped(notice.title), "weight": "Bolder", "wrap": True}]
    body += [{"type": "TextBlock", "text": line, "wrap": True} for line in (*lines, *_more(notice.changes))]
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": body,
    }
    return {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}


def slack_message(notice: Notice) -> Json:
    """A message of plain blocks, with its text for notifications (Slack's page on incoming webhooks)."""
    lines = [f"{item.severity.value} {item.rule} {_words(item)}" for item in notice.changes[:_MOST]]
    blocks: list[Json] = [{"type": "header", "text": {"type": "plain_text", "text": notice.title[:150], "emoji": False}}]
    blocks += [
        {"type": "section", "text": {"type": "plain_text", "text": line, "emoji": False}}
        for line in (*lines, *_more(notice.changes))
    ]
    return {"text": _slack(notice.title), "blocks": blocks}


def _words(item: SinceChange) -> str:
    name = printable(item.resource.rpartition("/")[2], longest=80)
    subject = f" ({printable(item.subject, longest=60)})" if item.subject else ""
    return f"{printable(item.title, longest=_LONGEST)}: {name}{subject}, {item.kind.replace('_', ' ')}"


def _more(changes: Sequence[SinceChange]) -> list[str]:
    return [f"and {len(changes) - _MOST} more"] if len(changes) > _MOST else []


def _slack(text: str) -> str:
    """Slack takes these three signs as its own; what it makes of others is no more than bold or italic."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
