"""Functions that only Azure Policy has, and that have a value only while Azure evaluates a request or an assignment."""

from __future__ import annotations

from typing import Final

from scanner.language.functions.table import Function
from scanner.model.unknown import Unknown

__all__ = ["POLICY"]

_REQUEST: Final = Unknown.because("requestContext(): known only while Azure Policy evaluates a request")
_POLICY: Final = Unknown.because("policy(): known only to the assignment that Azure Policy evaluates")

POLICY: Final = (
    Function("policy", 0, 0, lambda: _POLICY),
    Function("requestContext", 0, 0, lambda: _REQUEST),
)
