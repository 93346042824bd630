"""Opens what people hand in: compressed or not, in any Unicode encoding; what cannot be read is an error that says so."""

from __future__ import annotations

import codecs
import gzip
import re
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from scanner.model.errors import DriftlineError, SnapshotError

__all__ = ["decode", "open_plain", "read_all"]

Json = Any
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_CUT_OFF: Final = "The file may be cut off: collect it again."


def open_plain(path: Path) -> IO[bytes]:
    """The file itself, or a private copy of what a compressed one holds, to seek in."""
    file = _open(path)
    if path.suffix != ".gz":
        return file
    spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    with file:
        try:
            shutil.copyfileobj(file, spool)
        except (OSError, EOFError, zlib.error) as error:
            spool.close()
            raise _damaged(path, error) from error
    spool.seek(0)
    return spool


def read_all(path: Path) -> bytes:
    """The whole text in UTF-8: Windows PowerShell writes UTF-16 where it redirects, and byte order marks."""
    with _open(path) as file:
        try:
            raw = file.read()
        except (OSError, EOFError, zlib.error) as error:
            raise _damaged(path, error) from error
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return raw.decode("utf-16").encode()
        except UnicodeError as error:
            raise SnapshotError(path, 0, f"the file begins as UTF-16 and is not JSON in it: {error}") from error
    return raw.removeprefix(codecs.BOM_UTF8)


def decode(raw: bytes, path: Path, number: int) -> Json:
    """A JSON value that begins on a line. Raises `SnapshotError` with the line of what is wrong."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        found = _BYTE.search(str(error))
        line = number + (raw[: int(found[1])].count(b"\n") if found else 0)
        raise SnapshotError(path, line, f"the line is not JSON: {error}", hint=_CUT_OFF) from error
    except RecursionError as error:
        raise SnapshotError(path, number, "the line nests deeper than any resource does") from error


def _open(path: Path) -> IO[bytes]:
    try:
        return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]  # both read bytes
    except OSError as error:
        raise DriftlineError(f"{path} cannot be read: {error.strerror}") from error


def _damaged(path: Path, error: Exception) -> SnapshotError:
    return SnapshotError(path, 0, f"the file is damaged: {error}", hint="Collect it again.")
