"""URLs as they may be shown: what may hold a password is left out."""

from __future__ import annotations

__all__ = ["shown_url"]


def shown_url(url: str) -> str:
    """`postgresql+psycopg://…@host/driftline` of a URL with user, password and options.

    A password may hold any sign, an @ too.
    """
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    _, at, place = rest.rpartition("@")
    return f"{scheme}{mark}{'…@' if at else ''}{place}".partition("?")[0]
