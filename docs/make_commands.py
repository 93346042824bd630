"""`make docs`: writes docs/commands.md, what every command says of itself with `--help`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer
from typer.testing import CliRunner

from scanner.cli.app import app

WIDTH = "78"
HEAD = """# Commands

What `driftline COMMAND --help` says, written by `make docs`. Exit codes: 0 nothing failing at or above `--fail-on` · 1 something is · 2 could not run ·
3 something there is unknown, or a rule had an error.
"""


def page() -> str:
    """The document."""
    parts = [HEAD]
    for command in _commands():
        told = CliRunner().invoke(
            app, [*command, "--help"], standalone_mode=False, env={"COLUMNS": WIDTH, "TERMINAL_WIDTH": WIDTH}
        )
        text = "\n".join(line.rstrip() for line in told.output.strip().splitlines())
        parts.append(f"## driftline {' '.join(command)}\n\n```\n{text}\n```\n")
    return "\n".join(parts)


def _commands() -> Iterator[tuple[str, ...]]:
    """Every command by its words, in the order of their names."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group has them
    for name, command in sorted(commands.items()):
        below = getattr(command, "commands", None)
        yield from ((name, inner) for inner in sorted(below)) if below else ((name,),)


def main() -> None:
    """Write the document beside this script."""
    (Path(__file__).parent / "commands.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
