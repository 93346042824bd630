"""What `driftline doctor` found, for a terminal and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import msgspec

from scanner.engine.doctor import Diagnosis
from scanner.language.messages import printable
from scanner.report.words import short_id

__all__ = ["render_diagnoses", "render_diagnoses_json"]


def render_diagnoses(diagnoses: Sequence[Diagnosis], *, width: int = 80) -> str:
    """Scope by scope: what answers, what is refused, which rules stay unknown for it, and the role that would mend it."""
    return "\n".join(line for item in diagnoses for line in _lines(item, width)) + "\n"


def render_diagnoses_json(diagnoses: Sequence[Diagnosis]) -> bytes:
    """The same as a JSON array."""
    documents = [{**asdict(item), "healthy": item.healthy} for item in diagnoses]
    return msgspec.json.format(msgspec.json.encode(documents), indent=2) + b"\n"


def _lines(item: Diagnosis, width: int) -> Iterator[str]:
    yield short_id(item.scope)
    silent = f"does not answer ({printable(item.index)}); ARM lists are read instead"
    yield from _wrapped(f"Resource Graph: {silent if item.index else 'answers'}", width)
    if item.failure:
        yield from _wrapped(f"What is granted here cannot be read: {printable(item.failure)}", width)
        yield from _wrapped("Every rule may stay unknown. Mend: the role Reader at this scope.", width)
        yield ""
        return
    yield f"  {item.reads - len(item.refusals)} of {item.reads} reads are permitted"
    for refusal in item.refusals:
        yield f"  refused: {refusal.permission}"
        yield from _wrapped(f"unknown without it: {', '.join(refusal.rules) or 'no rule'}", width, indent=4)
    if item.refusals:
        yield from _wrapped(f"Mend: the role Reader on {printable(item.scope)}, or a role with these permissions.", width)
    else:
        yield "  No rule stays unknown for a lack of permission."
    yield ""


def _wrapped(text: str, width: int, indent: int = 2) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(text, width, initial_indent=pad, subsequent_indent=pad, break_on_hyphens=False)
