"""Faults on demand, from a YAML list; each entry tells which requests fail and how:

- {method: GET, path: "*/raiPolicies*", status: 503, retry_after: 1, times: 2}
- {path: "*/vaults/*", body: half}            # half, not-json, empty-object, null-list, null-item, html, other-host, loop,
                                              # empty-page, same-page (once, then the list), reset
- {path: "*/sites", status: 500, message: "…"}  # the words of the error
- {path: "*", probability: 0.1, status: 429}  # seeded: the same requests fail in every run
- {path: "*/sites*", delay: 0.5}
- {path: "*/vaults", after: 1, body: html}    # the second page, say: `after` requests pass first

`*` stands for any text, slashes too; letter case does not count. The first entry that a request meets strikes.
"""

from __future__ import annotations

import fnmatch
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.model.errors import ConfigurationError, Fault
from scanner.model.yaml_file import load_yaml
from scanner.simulator.errors import ArmError

__all__ = ["FaultEntry", "Faults", "load_faults", "refusal", "spoil"]

Json = Any
_CODES: Final = {401: "InvalidAuthenticationToken", 403: "AuthorizationFailed", 429: "TooManyRequests"}
_SPOILED: Final[dict[str, Callable[[str, str], tuple[str, str]]]] = {
    "half": lambda text, own: (text[: len(text) // 2], "application/json"),
    "not-json": lambda text, own: ('{"value": [', "application/json"),
    "empty-object": lambda text, own: ("{}", "application/json"),
    "null-list": lambda text, own: ('{"value": null}', "application/json"),
    "html": lambda text, own: ("<html><body>Service unavailable</body></html>", "text/html"),
    "null-item": lambda text, own: ('{"value": [null]}', "application/json"),
    "other-host": lambda text, own: ('{"value": [], "nextLink": "https://example.invalid/next"}', "application/json"),
    "loop": lambda text, own: (json.dumps({"value": [], "nextLink": own}), "application/json"),
    "empty-page": lambda text, own: (json.dumps({"value": [], "nextLink": f"{own}&again=1"}), "application/json"),
    "same-page": lambda text, own: (json.dumps({**json.loads(text), "nextLink": f"{own}&again=1"}), "application/json"),
}


class FaultEntry(BaseModel):
    """One entry."""

    model_config = ConfigDict(extra="forbid")

    method: str = "*"
    path: str = "*"
    status: Annotated[int, Field(ge=100, le=599)] = 200
    code: str = ""
    message: str = "A fault that was asked for."
    retry_after: Annotated[float, Field(ge=0)] | None = None
    delay: Annotated[float, Field(ge=0, le=60)] = 0
    body: Literal[
        "", "half", "not-json", "empty-object", "null-list", "null-item", "html", "other-host", "loop", "empty-page", "same-page",
        "reset",
    ] = ""  # fmt: skip
    times: Annotated[int, Field(ge=1)] | None = None
    after: Annotated[int, Field(ge=0)] = 0
    probability: Annotated[float, Field(ge=0, le=1)] = 1


@dataclass(slots=True)
class Faults:
    """The faults of a server with how often each struck."""

    entries: list[FaultEntry]
    seed: int = 0
    _struck: dict[int, int] = field(default_factory=dict)
    _passed: dict[int, int] = field(default_factory=dict)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  # repeatable on purpose, no secret depends on it

    def strike(self, method: str, path: str) -> FaultEntry | None:
        """The first fault that this request meets."""
        for at, entry in enumerate(self.entries):
            spent = entry.times is not None and self._struck.get(at, 0) >= entry.times
            meant = fnmatch.fnmatchcase(method, entry.method.upper()) and fnmatch.fnmatchcase(path.lower(), entry.path.lower())
            if spent or not meant:
                continue
            self._passed[at] = self._passed.get(at, 0) + 1
            if self._passed[at] > entry.after and (entry.probability >= 1 or self._chance.random() < entry.probability):
                self._struck[at] = self._struck.get(at, 0) + 1
                return entry
        return None


def load_faults(path: Path) -> Faults:
    """Read a faults file. Raises `ConfigurationError` with every fault in it."""
    wrong: list[Fault] = []
    file = load_yaml(path, wrong)
    entries: list[FaultEntry] = []
    if file is not None and not isinstance(file.data, list):
        wrong.append(file.fault((), "a faults file is a list"))
    elif file is not None:
        for at, data in enumerate(file.data):
            try:
                entries.append(FaultEntry.model_validate(data))
            except ValidationError as error:
                wrong.extend(
                    file.fault((at, *item["loc"]), f"{'.'.join(map(str, item['loc']))}: {item['msg']}") for item in error.errors()
                )
    if wrong:
        raise ConfigurationError(wrong)
    return Faults(entries)


def refusal(entry: FaultEntry) -> ArmError:
    """The error that an entry with a status answers."""
    return ArmError(entry.status, entry.code or _CODES.get(entry.status, "ServerError"), entry.message)


def spoil(text: str, how: str, own: str) -> tuple[str, str]:
    """A body spoilt in one of the ways, with its content type; `own` is the address that was asked."""
    return _SPOILED[how](text, own)
