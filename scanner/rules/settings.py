"""Settings: command line over `DRIFTLINE_*` over driftline.yaml over defaults, each with its origin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from scanner import __version__
from scanner.model.errors import ConfigurationError, DriftlineError, Fault
from scanner.model.shown_url import shown_url
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.rules.baseline import Baseline
from scanner.rules.shapes import NotifyShape, SettingsShape, WorkloadShape, hold_against

__all__ = ["Setting", "Settings", "explain", "load_settings"]

Json = Any
_DEFAULTS: Final = {"baseline": "openai-chat", "environment": "", "fail_on": "high", "store": "", "store_retention": "0"}
_SQLITE: Final = "sqlite:///"
_LEAST: Final = re.compile(r">=\s*(\d{1,9}(?:\.\d{1,9}){0,2})")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its value and where it comes from."""

    name: str
    value: Json
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a run is set to. `source` is the settings file, for the lines of faults and origins."""

    baseline: Setting
    environment: Setting
    fail_on: Setting
    rules: Setting
    workloads: tuple[WorkloadShape, ...] = ()
    file: str = ""
    waivers: Setting = field(default_factory=lambda: Setting("waivers", [], "default"))
    evidence: Setting = field(default_factory=lambda: Setting("evidence", [], "default"))
    store: Setting = field(default_factory=lambda: Setting("store", "", "default"))
    store_retention: Setting = field(default_factory=lambda: Setting("store_retention", 0, "default"))
    notify: tuple[NotifyShape, ...] = ()
    source: YamlFile | None = field(default=None, compare=False, repr=False)


def load_settings(config: Path | None, given: Mapping[str, Json], environment: Mapping[str, str]) -> Settings:
    """Settle the settings. `given` are the command line's, None or empty where not stated. Raises `ConfigurationError`."""
    file, shape = _read(config)
    settled = {name: _settle(name, given, environment, file, shape) for name in _DEFAULTS}
    if settled["fail_on"].value not in ("critical", "high", "medium", "low", "info", "never"):
        value, origin = settled["fail_on"].value, settled["fail_on"].origin
        raise ConfigurationError([Fault(origin, 0, f'fail_on is "{value}", not one of critical, high, medium, low, info, never')])
    for at, item in enumerate(shape.workloads):
        item.stand_at({name: _origin(file, "workloads", at, "components", name) for name in item.components})
    base = Path(file.name).parent if file is not None else Path()
    directories = [*(base / item for item in shape.rules), *(given.get("rules") or [])]
    origin = "command line" if given.get("rules") else _origin(file, "rules") if file is not None and shape.rules else "default"
    return Settings(
        settled["baseline"],
        settled["environment"],
        settled["fail_on"],
        Setting("rules", [str(item) for item in directories], origin),
        tuple(shape.workloads),
        file.name if file is not None else "",
        _waivers(file, shape, base),
        _evidence(file, shape, base, given.get("evidence") or []),
        _store(settled["store"], file, shape, base),
        _days(settled["store_retention"]),
        tuple(shape.notify),
        file,
    )


def explain(settings: Settings, baseline: Baseline) -> list[Setting]:
    """Every setting and every parameter of the baseline with its origin."""
    chosen = [settings.baseline, settings.environment, settings.fail_on, settings.rules]
    chosen.extend(item for item in (settings.waivers, settings.evidence) if item.value)
    if settings.store.value:
        chosen += [replace(settings.store, value=shown_url(settings.store.value)), settings.store_retention]
    chosen += [
        Setting(f"notify[{at}]", f"{item.kind} at {item.level.value}", _origin(settings.source, "notify", at))
        for at, item in enumerate(settings.notify)
    ]
    if not settings.environment.value:
        chosen[1] = Setting("environment", baseline.environment, "first environment of the baseline")
    overridden = [
        Setting(f"workloads.{item.name}.{name}", value, _origin(settings.source, "workloads", at, "parameters", name))
        for at, item in enumerate(settings.workloads)
        for name, value in item.parameters.items()
    ]
    return [*chosen, *(Setting(item.name, item.value, item.origin) for item in baseline.described), *overridden]


def _read(config: Path | None) -> tuple[YamlFile | None, SettingsShape]:
    path = config if config is not None else Path("driftline.yaml")
    if not path.is_file():
        if config is not None:
            raise DriftlineError(f"{config} is not there", hint="Leave --config out, or name a settings file.")
        return None, SettingsShape()
    faults: list[Fault] = []
    file = load_yaml(path, faults)
    shape = hold_against(SettingsShape, file, faults) if file is not None and file.data is not None else SettingsShape()
    if file is not None and shape is not None:
        faults.extend(_version_faults(file, shape.driftline))
    if faults or shape is None:
        raise ConfigurationError(faults)
    return file, shape


def _waivers(file: YamlFile | None, shape: SettingsShape, base: Path) -> Setting:
    """The waivers files, which lie beside driftline.yaml."""
    names = [shape.waivers] if isinstance(shape.waivers, str) else shape.waivers
    return Setting("waivers", [str(base / item) for item in names], _origin(file, "waivers") if names else "default")


def _evidence(file: YamlFile | None, shape: SettingsShape, base: Path, given: list[Path]) -> Setting:
    """Globs of evidence beside driftline.yaml, and what the command line adds."""
    names = [shape.evidence] if isinstance(shape.evidence, str) else shape.evidence
    origin = "command line" if given else _origin(file, "evidence") if names else "default"
    return Setting("evidence", [*(str(base / item) for item in names), *(str(item) for item in given)], origin)


def _store(settled: Setting, file: YamlFile | None, shape: SettingsShape, base: Path) -> Setting:
    """The store; a file of SQLite that driftline.yaml names lies beside it."""
    if file is None or not shape.store or settled.origin != _origin(file, "store") or not shape.store.startswith(_SQLITE):
        return settled
    return replace(settled, value=f"{_SQLITE}{base / shape.store.removeprefix(_SQLITE)}")


def _days(settled: Setting) -> Setting:
    """A number of days."""
    text = str(settled.value)
    if not text.isdecimal() or len(text) > 5:
        raise ConfigurationError([Fault(settled.origin, 0, f'store_retention is "{text}", not a number of days')])
    return replace(settled, value=int(text))


def _version_faults(file: YamlFile, least: str) -> Iterator[Fault]:
    """A settings file that needs a later driftline is refused: what it says may mean something else here."""
    if not least:
        return
    wanted = _LEAST.fullmatch(least)
    if wanted is None:
        yield file.fault(("driftline",), f'"{least}" is no least version; write ">=1" or ">=1.2"')
    elif _numbers(__version__) < _numbers(wanted[1]):
        yield file.fault(("driftline",), f"needs driftline {wanted[1]} or later, and this is {__version__}: upgrade it")


def _numbers(version: str) -> tuple[int, int, int]:
    found = [int(number) for number in re.findall(r"\d+", version)[:3]]
    first, second, third = (*found, 0, 0, 0)[:3]
    return first, second, third


def _origin(file: YamlFile | None, *pointer: str | int) -> str:
    return f"{file.name}:{file.line(pointer)}" if file is not None else "default"


def _settle(
    name: str, given: Mapping[str, Json], environment: Mapping[str, str], file: YamlFile | None, shape: SettingsShape
) -> Setting:
    if given.get(name):
        return Setting(name, str(given[name]), "command line")
    variable = f"DRIFTLINE_{name.upper()}"
    if environment.get(variable):
        return Setting(name, environment[variable], f"environment variable {variable}")
    stated = getattr(shape, name)
    if stated and file is not None:
        return Setting(name, stated, _origin(file, name))
    return Setting(name, _DEFAULTS[name], "default")
