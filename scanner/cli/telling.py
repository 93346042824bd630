"""Tells those of driftline.yaml's `notify` what became worse. What hinders this never costs the results of the scan."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import typer

from scanner.model.errors import DriftlineError
from scanner.model.result import Result
from scanner.notify.messages import Notice, notice_of, slack_message, teams_message, webhook_message
from scanner.notify.sending import send
from scanner.rules.shapes import NotifyShape

__all__ = ["tell"]

Json = Any
_MESSAGES: Final[Mapping[str, Callable[[Notice], Json]]] = {
    "webhook": webhook_message,
    "teams": teams_message,
    "slack": slack_message,
}


def tell(result: Result, receivers: Sequence[NotifyShape], moment: datetime) -> None:
    """Send each receiver what became worse at or above its level, if anything did."""
    if receivers and result.since is None:
        _warn("nobody is notified: what is new is known with --store or --only-new, after a first scan")
        return
    for receiver in receivers:
        notice = notice_of(result, receiver.level)
        if notice is None:
            continue
        try:
            secret = _read(receiver.secret_from) if receiver.secret_from else ""
            message = _MESSAGES[receiver.kind](notice)
            send(_read(receiver.address_from), message, secret=secret, moment=int(moment.timestamp()))
        except DriftlineError as error:
            _warn(f"{receiver.kind} is not notified: {error}")


def _read(variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise DriftlineError(f"the environment variable {variable} is not set")
    return value


def _warn(message: str) -> None:
    typer.echo(f"driftline: warning: {message}", err=True)
