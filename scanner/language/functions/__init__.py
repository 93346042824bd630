"""ARM's template functions that need no Azure to decide, and three of our own; grouped as Microsoft's reference groups them."""

from __future__ import annotations

from typing import Final

from scanner.language.functions.arrays import ARRAYS
from scanner.language.functions.cidr import CIDR
from scanner.language.functions.dates import DATES
from scanner.language.functions.logic import LOGIC
from scanner.language.functions.numbers import NUMBERS
from scanner.language.functions.objects import OBJECTS
from scanner.language.functions.policy import POLICY
from scanner.language.functions.strings import STRINGS
from scanner.language.functions.table import EvaluationError, Function, FunctionTable

__all__ = ["STANDARD", "EvaluationError", "Function", "FunctionTable"]

#: Every function that needs nothing but its arguments, the clock (`scope.now`) and, for `newGuid`, `scope.new_guid()`.
STANDARD: Final = FunctionTable((*ARRAYS, *CIDR, *DATES, *LOGIC, *NUMBERS, *OBJECTS, *POLICY, *STRINGS))
