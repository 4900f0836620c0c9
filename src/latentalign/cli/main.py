"""The command line: one file a command, nothing imported before it is needed, no traceback for a user's mistake."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from latentalign import __version__
from latentalign.cli import align, doctor, evaluate, view
from latentalign.errors import LatentAlignError

app = typer.Typer(
    name="latentalign",
    help="Align two texts through the hidden states of a transformer, and show the alignment as evidence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"latentalign {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


app.command("align")(align.align)
app.command("view")(view.view)
app.command("evaluate")(evaluate.evaluate)
app.command("doctor")(doctor.doctor)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 fine, 1 failed, 2 usage, 3 some records failed, 130 interrupted."""
    import click

    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        status = app(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except LatentAlignError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except OSError as error:
        return _fail(f"{error.filename or 'the system'}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get("LATENTALIGN_DEBUG"):
            raise
        return _fail(
            f"this is a fault of latentalign, please report it: {type(error).__name__}: {error} "
            "(set LATENTALIGN_DEBUG=1 for the traceback)"
        )
    return int(status or 0)


def entry() -> None:
    """Run the command line as a program."""
    sys.exit(main())


def _fail(message: str) -> int:
    sys.stderr.write(f"latentalign: {message}\n")
    return 1


def _silence_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain about the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
