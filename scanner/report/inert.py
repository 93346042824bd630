"""Text in which nothing that came from Azure is a command: not to a terminal, nor to the agent of a pipeline, which reads what a
step prints and finds `##vso[` and `##[` anywhere in a line.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from scanner.language.messages import printable

__all__ = ["json_text", "shown"]

Json = Any
_LONGEST: Final = 4000
#: Azure's agent compares by culture, so signs without a width between two hashes do not part them.
_HASHES: Final = re.compile(r"#(?=[^\x00-\x7f]*#)")


def shown(text: object, *, longest: int = _LONGEST) -> str:
    """A text on one line as people see it: control and direction marks become `?`, two hashes are parted."""
    return _HASHES.sub("# ", printable(" ".join(str(text).split()), longest=longest))


def json_text(document: Json) -> str:
    """JSON on one line with the very values: whatever is not ASCII is escaped, and so is the second of two hashes."""
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("##", "#\\u0023")
