"""`uniqueString()`: the 64-bit hash in two lanes of 32 bits that ARM makes of text, in base 32."""

from __future__ import annotations

from typing import Final

__all__ = ["unique_string"]

_MASK: Final = 0xFFFFFFFF
_FIRST: Final = 0x239B961B
_SECOND: Final = 0xAB0E9789
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


def unique_string(text: str) -> str:
    """Thirteen letters and digits. Held against published pairs in the tests; Microsoft describes no algorithm."""
    data = text.encode()
    whole = len(data) - len(data) % 8
    low = high = 0
    for at in range(0, whole, 8):
        low = (_rotated(low ^ _left(data[at : at + 4]), 19) + high) * 5 + 0x561CCD1B & _MASK
        high = (_rotated(high ^ _right(data[at + 4 : at + 8]), 13) + low) * 5 + 0x0BCAA747 & _MASK
    rest = data[whole:]
    if rest:
        low ^= _left(rest[:4])
    if len(rest) > 4:
        high ^= _right(rest[4:])
    high ^= len(data)
    low = (low ^ len(data)) + high & _MASK
    high = high + low & _MASK
    low, high = _mixed(low), _mixed(high)
    low = low + high & _MASK
    high = high + low & _MASK
    # Sixty-four bits make thirteen digits of five, the last of which is filled with a zero.
    bits = (high << 32 | low) << 1
    return "".join(_LETTERS[bits >> 60 - 5 * at & 31] for at in range(13))


def _left(part: bytes) -> int:
    return _rotated(int.from_bytes(part, "little") * _FIRST & _MASK, 15) * _SECOND & _MASK


def _right(part: bytes) -> int:
    return _rotated(int.from_bytes(part, "little") * _SECOND & _MASK, 17) * _FIRST & _MASK


def _rotated(value: int, by: int) -> int:
    return (value << by | value >> 32 - by) & _MASK


def _mixed(value: int) -> int:
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16
