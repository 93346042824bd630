"""Markdown from text that may be hostile: escaped in prose, fenced in code; nothing in it becomes a link, an image or HTML."""

from __future__ import annotations

import re
from typing import Final

from scanner.language.messages import printable

__all__ = ["Markdown", "anchor", "code", "escaped", "fenced"]

_LONGEST: Final = 4000
_MARKUP: Final = re.compile(r"[\\`*_\[\]~$]")
_LIST_MARK: Final = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^([-+#=>:])")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def escaped(text: object) -> Markdown:
    """Text that shows as it is, on one line; addresses do not turn into links."""
    if isinstance(text, Markdown):
        return text
    plain = printable(" ".join(str(text).split()), longest=_LONGEST)
    marked = _MARKUP.sub(lambda sign: f"\\{sign[0]}", plain)
    marked = "".join(_ENTITIES.get(sign, sign) for sign in marked)
    marked = marked.replace("://", "&#58;//").replace("@", "&#64;")
    marked = re.sub(r"(?i)\b(www)\.(?=\S)", r"\1&#46;", marked)
    return Markdown(_LIST_MARK.sub(lambda mark: f"{mark[1]}\\{mark[2]}" if mark[1] else f"\\{mark[3]}", marked))


def anchor(heading: str) -> Markdown:
    """The name by which a link finds a heading, as GitHub makes it; of a heading in other scripts only a part."""
    return Markdown(re.sub(r"[^a-z0-9_ -]", "", " ".join(heading.lower().split())).replace(" ", "-"))


def code(text: object) -> Markdown:
    """Text as a code span, in a table too."""
    plain = printable(" ".join(str(text).split()), longest=_LONGEST) or " "
    if "|" in plain:  # a table would be cut there
        return Markdown(f"<code>{escaped(plain)}</code>")
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain[0] == "`" or plain[-1] == "`" else ""
    return Markdown(f"{fence}{pad}{plain}{pad}{fence}")


def fenced(text: str, language: str = "yaml") -> Markdown:
    """Lines as a code block, fenced by more backticks than they hold in a row."""
    lines = [printable(line, longest=_LONGEST) if line else "" for line in text.rstrip("\n").split("\n")]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return Markdown("\n".join([f"{fence}{language}", *lines, fence]))
