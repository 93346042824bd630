"""URLs as they may be shown: what may hold a password is left out."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["shown_url"]

#: Up to the last @, as a password may hold one; and all options, as a password may be one.
_SIGN_IN: Final = re.compile(r"://.*@", re.DOTALL)


def shown_url(url: str) -> str:
    """`postgresql+psycopg://…@host/driftline` of a URL with user, password and options."""
    return _SIGN_IN.sub("://…@", url).partition("?")[0]
