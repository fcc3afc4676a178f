"""The command line: one table of command groups, one place that turns errors into exit codes.

Every module of `netwatch.cli` that has commands offers `register(root)`, which adds its commands to the root. Commands return
nothing, print data on stdout (`output.print_json`, `output.line`, `output.table`), messages on stderr (`output.say`), and raise
the errors of `netwatch.errors`; `main` prints them and picks the exit code. A command that only wants a code raises
`typer.Exit(code)`.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import typer

from netwatch.cli import output
from netwatch.errors import NetwatchError

GROUPS = (
    "run",
    "status",
    "check",
    "reload",
    "ticket",
    "incident",
    "maintenance",
    "inventory",
    "probe",
    "hostkey",
    "why",
    "diagnose",
    "simulate",
    "people",
    "sop",
    "db",
    "demo",
    "version",
)
INTERRUPTED = 130


def build(groups: Sequence[str] = GROUPS) -> typer.Typer:
    """Put command groups under one root."""
    root = typer.Typer(name="netwatch", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

    @root.callback()
    def netwatch(
        quiet: bool = typer.Option(False, "--quiet", help="Tanpa pesan; hanya data. / No messages, data only."),
        language: str | None = typer.Option(None, "--language", envvar="NETWATCH_LANGUAGE", help="id | en"),
    ) -> None:
        """Pantau jaringan kantor kota, buka satu tiket per gangguan, ikuti SOP sampai selesai.

        Watch a city's office network, open one ticket per fault, follow the procedure to the signed report.
        """
        if quiet:
            sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - lives as long as the process
        if language:
            os.environ["NETWATCH_LANGUAGE"] = language

    for name in groups:
        importlib.import_module(f"netwatch.cli.{name}").register(root)
    return root


def wanted(arguments: Sequence[str]) -> Sequence[str]:
    """Return the groups to load: only the one that is called, so that no command waits for the libraries of the others."""
    named = next((argument for argument in arguments if argument in GROUPS), None)
    return GROUPS if named is None or "_NETWATCH_COMPLETE" in os.environ else (named,)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; no traceback ever reaches a person."""
    try:
        code = build(wanted(arguments))(args=arguments, prog_name="netwatch", standalone_mode=False)
        sys.stdout.flush()
    except NetwatchError as error:
        output.complain(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader of the pipe has left (`netwatch ticket list | head`): say nothing, and let the flush at exit find /dev/null.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        output.say("Dihentikan.", "Interrupted.")
        return INTERRUPTED
    except typer.TyperException as error:
        sys.stderr.write(f"netwatch: {error.format_message()}\n")
        return error.exit_code
    except Exception as error:  # a fault in netwatch itself: a sentence for the person, the rest for whoever asks for it
        if os.environ.get("NETWATCH_DEBUG"):
            raise
        output.say(
            f"Kesalahan di dalam netwatch ({type(error).__name__}: {error}). Ulangi dengan NETWATCH_DEBUG=1 dan laporkan.",
            f"A fault inside netwatch ({type(error).__name__}: {error}). Repeat with NETWATCH_DEBUG=1 and report it.",
        )
        return 1
    return code if isinstance(code, int) else 0
