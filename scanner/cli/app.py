"""The commands in one typer application, and what becomes of every error: a message for a person and exit code 2."""

from __future__ import annotations

import errno
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

import typer

from scanner.cli import baseline, collect, demo, diff, doctor, evidence, history, remediate, report, rules, scan, simulate
from scanner.cli.outcome import COULD_NOT_RUN
from scanner.model.errors import DriftlineError

__all__ = ["app", "run"]

app = typer.Typer(
    name="driftline",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Tells where a live Azure subscription has drifted from its reference architecture, and why.\n\n"
    "Example: driftline scan --subscription 00000000-0000-0000-0000-000000000000",
)
app.command("scan")(scan.command)
app.command("collect")(collect.command)
app.command("demo")(demo.command)
app.command("diff")(diff.command)
app.command("doctor")(doctor.command)
app.command("history")(history.command)
app.command("remediate")(remediate.command)
app.command("report")(report.command)
app.command("simulate")(simulate.command)
app.add_typer(rules.app, name="rules")
app.add_typer(baseline.app, name="baseline")
app.add_typer(evidence.app, name="evidence")


@app.callback(invoke_without_command=True)
def _main(
    *,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        from scanner.engine.scan import package_version

        typer.echo(package_version())
        raise typer.Exit


def _end(_: int, frame: FrameType | None) -> None:
    """Interrupt as Ctrl-C does."""
    interrupt = signal.getsignal(signal.SIGINT)
    if callable(interrupt):
        interrupt(signal.SIGINT, frame)


def _listen() -> None:
    """Take a request to end as Ctrl-C. What a script starts with `&` ignores Ctrl-C, and asyncio would then ignore the request
    too: there the signal is kept off, not ignored.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN and sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _end)


def run() -> NoReturn:
    """Parse the arguments, run, exit. A request to end is taken as Ctrl-C: what was read until then is judged and written."""
    _listen()
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        _fail("Interrupted.")
    except typer.TyperException as error:
        _fail(error.format_message())
    except DriftlineError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("Interrupted.")
    except BrokenPipeError:
        sys.exit(COULD_NOT_RUN)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            _defect(error)
        _fail(f"the output cannot be written: {error.strerror}")
    except Exception as error:  # noqa: BLE001  # a person gets words, not a traceback
        _defect(error)
    sys.exit(code if isinstance(code, int) else 0)


def _defect(error: Exception) -> NoReturn:
    _log_traceback()
    _fail(f"driftline met a defect of its own: {type(error).__name__}: {error}\nRun again with --log-file to keep the details.")


def _fail(message: str) -> NoReturn:
    print(f"driftline: {message}", file=sys.stderr)  # noqa: T201  # messages go to stderr
    sys.exit(COULD_NOT_RUN)


def _log_traceback() -> None:
    """Where --verbose or --log-file was given, the traceback goes there and nowhere else."""
    if "--verbose" in sys.argv:
        traceback.print_exc()
    if "--log-file" in sys.argv[:-1]:
        path = Path(sys.argv[sys.argv.index("--log-file") + 1])
        with path.open("a", encoding="utf-8") as file:
            traceback.print_exc(file=file)
