"""Date functions. The clock is `scope.now`, an aware datetime; dates print as ARM prints them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scanner.language.functions.table import Function
from scanner.language.functions.values import integer, number, text, wrong

__all__ = ["DATES", "parse_date"]

Json = Any

_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
#: .NET format letters that ARM's documentation uses, longest first, with what they print.
_FORMATS: Final = {
    "yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "yy": "%y", "fffffff": "%f0", "zzz": "+00:00",
}  # fmt: skip
_STANDARD: Final = {
    "u": "yyyy-MM-dd HH:mm:ssZ", "s": "yyyy-MM-ddTHH:mm:ss", "o": "yyyy-MM-ddTHH:mm:ss.fffffffZ", "d": "MM/dd/yyyy",
}  # fmt: skip
_PLAIN: Final = "yyyyMMddTHHmmssZ"


def parse_date(value: Json) -> datetime:
    """An ISO 8601 date or date-time in any of the forms ARM returns, in UTC; seven fractional digits are cut to six."""
    written = re.sub(r"(\.\d{6})\d+", r"\1", text(value).strip())
    try:
        date = datetime.fromisoformat(written)
    except ValueError:
        return wrong(f"{value!r:.40} is not a date")
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def _print(date: datetime, form: Json) -> str:
    pattern = _STANDARD.get(text(form), text(form))
    if len(pattern) > 100:
        wrong("the format is too long")
    spelled = re.sub(
        "|".join(sorted(_FORMATS, key=len, reverse=True)), lambda found: _FORMATS[found[0]], pattern.replace("%", "%%")
    )
    return date.astimezone(UTC).strftime(spelled)


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
    found = _DURATION.fullmatch(duration)
    if found is None or duration.rstrip("T").endswith("P") or len(duration) > 60:
        wrong(f"{duration!r:.40} is not an ISO 8601 duration such as P90D")
    parts = {name: int(value) for name, value in found.groupdict(default="0").items() if name != "sign"}
    sign = -1 if found["sign"] else 1
    months = start.year * 12 + start.month - 1 + sign * (parts["years"] * 12 + parts["months"])
    try:
        moved = start.replace(year=months // 12, month=months % 12 + 1, day=1)
        last = (moved.replace(year=moved.year + moved.month // 12, month=moved.month % 12 + 1) - timedelta(days=1)).day
        rest = timedelta(
            weeks=parts["weeks"], days=parts["days"], hours=parts["hours"], minutes=parts["minutes"], seconds=parts["seconds"]
        )
        return moved.replace(day=min(start.day, last)) + sign * rest
    except (OverflowError, ValueError):
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
