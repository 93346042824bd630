"""Text in which nothing that came from Azure is a command: not to a terminal, nor to the agent of a pipeline, which reads what a
step prints and finds `##vso[` and `##[` anywhere in a line.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from scanner.language.messages import printable

__all__ = ["defused", "json_text", "shown"]

Json = Any
_LONGEST: Final = 4000
#: Code points that are no characters, of which XML cannot hold the last two.
_NO_CHARACTERS: Final = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
#: Azure's agent compares by culture, so signs without a width in between do not part what it looks for.
_HASHES: Final = re.compile(r"#(?=[^\x00-\x7f]*#[^\x00-\x7f]*[\[v])")


def shown(text: object, *, longest: int = _LONGEST) -> str:
    """A text on one line as people see it: control and direction marks become `?`, commands are parted."""
    line = " ".join(str(text).split())
    if len(line) > longest and not line.startswith("/subscriptions/"):  # of an id, `printable` keeps the end
        line = line[: longest + 1]
    return _HASHES.sub("# ", _NO_CHARACTERS.sub("?", printable(line, longest=longest)))


def defused(line: str) -> str:
    """A line that is no command of a pipeline, wherever it was wrapped."""
    words = line.lstrip()
    start = ": :" if words.startswith("::") else ""
    return _HASHES.sub("# ", f"{line[: len(line) - len(words)]}{start}{words[2:]}" if start else line)


def json_text(document: Json) -> str:
    """JSON on one line with the very values: whatever is not ASCII is escaped, and so is the second of two hashes."""
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("##", "#\\u0023")
