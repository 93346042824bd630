"""Date functions. The clock is `scope.now`, an aware datetime; dates print as ARM prints them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scanner.language.functions.table import Function
from scanner.language.functions.values import integer, number, text, wrong

__all__ = ["DATES", "parse_date"]

Json = Any

_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
#: The parts of a .NET format: runs of one letter, quoted and escaped text.
_PART = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|y+|M+|d+|H+|h+|m+|s+|f+|t+|z+|K")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PRINTERS: Final[dict[str, Callable[[datetime], str]]] = {
    "yyyy": lambda date: f"{date.year:04}", "yy": lambda date: f"{date.year % 100:02}",
    "MMMM": lambda date: _MONTHS[date.month - 1], "MMM": lambda date: _MONTHS[date.month - 1][:3],
    "MM": lambda date: f"{date.month:02}", "M": lambda date: f"{date.month}",
    "dddd": lambda date: _DAYS[date.weekday()], "ddd": lambda date: _DAYS[date.weekday()][:3],
    "dd": lambda date: f"{date.day:02}", "d": lambda date: f"{date.day}",
    "HH": lambda date: f"{date.hour:02}", "H": lambda date: f"{date.hour}",
    "hh": lambda date: f"{(date.hour + 11) % 12 + 1:02}", "h": lambda date: f"{(date.hour + 11) % 12 + 1}",
    "mm": lambda date: f"{date.minute:02}", "m": lambda date: f"{date.minute}",
    "ss": lambda date: f"{date.second:02}", "s": lambda date: f"{date.second}",
    "tt": lambda date: "AM" if date.hour < 12 else "PM", "t": lambda date: "A" if date.hour < 12 else "P",
    "zzz": lambda date: "+00:00", "zz": lambda date: "+00", "z": lambda date: "+0", "K": lambda date: "Z",
}  # fmt: skip
_STANDARD: Final = {
    "d": "MM/dd/yyyy", "D": "dddd, dd MMMM yyyy", "o": "yyyy-MM-ddTHH:mm:ss.fffffffZ", "O": "yyyy-MM-ddTHH:mm:ss.fffffffZ",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm", "T": "HH:mm:ss", "u": "yyyy-MM-dd HH:mm:ssZ", "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss", "g": "MM/dd/yyyy HH:mm", "G": "MM/dd/yyyy HH:mm:ss", "m": "MMMM dd", "M": "MMMM dd",
    "U": "dddd, dd MMMM yyyy HH:mm:ss", "y": "yyyy MMMM", "Y": "yyyy MMMM",
}  # fmt: skip
_PLAIN: Final = "yyyyMMddTHHmmssZ"


def parse_date(value: Json) -> datetime:
    """An ISO 8601 date or date-time in any of the forms ARM returns, in UTC, its letters in any case; seven fractional digits are
    cut to six.
    """
    written = re.sub(r"(\.\d{6})\d+", r"\1", text(value).strip().upper())
    try:
        date = datetime.fromisoformat(written)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return wrong(f"{value!r:.40} is not a date")


def _print(date: datetime, form: Json) -> str:
    """A date in a .NET format, standard or custom, of the invariant culture."""
    pattern = _STANDARD.get(text(form), text(form))
    if len(pattern) > 100:
        wrong("the format is too long")
    if len(pattern) < 2:
        wrong(f"{form!r} is no standard date format: known are {', '.join(_STANDARD)}")
    moment = date.astimezone(UTC)
    return _PART.sub(lambda found: _print_part(moment, found[0]), pattern)


def _print_part(date: datetime, part: str) -> str:
    if part[0] in "'\"\\":
        return part[1:] if part[0] == "\\" else part[1:-1]
    if part[0] == "f" and len(part) <= 7:
        return f"{date.microsecond:06}0"[: len(part)]
    printer = _PRINTERS.get(part)
    return printer(date) if printer else wrong(f"{part!r:.40} is no part of a date format")


def _utc_now(scope: Any, form: Json = _PLAIN) -> str:
    return _print(scope.now, form)


def _date_time_add(base: Json, duration: Json, form: Json = None) -> str:
    start = parse_date(_undense(base))
    moved = _shift(start, text(duration))
    return _print(moved, form) if form is not None else _like(text(base), moved)


def _undense(value: Json) -> Json:
    """`utcNow()`'s default form `20260101T000000Z` as ISO."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", value) if isinstance(value, str) else None
    return "{}-{}-{}T{}:{}:{}Z".format(*found.groups()) if found else value


def _like(written: str, date: datetime) -> str:
    """A date printed in the form of another."""
    if re.fullmatch(r"\d{8}T\d{6}Z", written):
        return _print(date, _PLAIN)
    return _print(date, "u" if " " in written else "yyyy-MM-ddTHH:mm:ssZ")


def _shift(start: datetime, duration: str) -> datetime:
    """ARM's reference of dateTimeAdd: leap years are not considered, P1Y is P365D and P1M is P30D."""
    found = _DURATION.fullmatch(duration)
    if found is None or duration.rstrip("T").endswith("P") or len(duration) > 60:
        wrong(f"{duration!r:.40} is not an ISO 8601 duration such as P90D")
    parts = {name: int(value) for name, value in found.groupdict(default="0").items() if name != "sign"}
    days = parts["years"] * 365 + parts["months"] * 30 + parts["weeks"] * 7 + parts["days"]
    try:
        moved = timedelta(days=days, hours=parts["hours"], minutes=parts["minutes"], seconds=parts["seconds"])
        return start - moved if found["sign"] else start + moved
    except OverflowError:
        return wrong("the date leaves the calendar")


def _add_days(date: Json, days: Json) -> str:
    """Azure Policy's `addDays`; prints in the round-trip form, as Policy's documentation says."""
    try:
        return _print(parse_date(_undense(date)) + timedelta(days=integer(days)), "o")
    except OverflowError:
        return wrong("the date leaves the calendar")


def _to_epoch(date: Json) -> int:
    return int(parse_date(_undense(date)).timestamp())


def _from_epoch(seconds: Json) -> str:
    try:
        return _print(datetime.fromtimestamp(number(seconds), UTC), "yyyy-MM-ddTHH:mm:ssZ")
    except (OverflowError, ValueError, OSError):
        return wrong("the number of seconds leaves the calendar")


def _age_days(scope: Any, date: Json) -> int:
    """Whole days from a date to the clock, negative for one that is still to come (ours)."""
    return int((scope.now - parse_date(_undense(date))) // timedelta(days=1))


DATES: Final = (
    Function("addDays", 2, 2, _add_days),
    Function("ageDays", 1, 1, _age_days, takes_scope=True),
    Function("dateTimeAdd", 2, 3, _date_time_add),
    Function("dateTimeFromEpoch", 1, 1, _from_epoch),
    Function("dateTimeToEpoch", 1, 1, _to_epoch),
    Function("utcNow", 0, 1, _utc_now, takes_scope=True),
)
