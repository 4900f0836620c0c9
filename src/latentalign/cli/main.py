"""The command line: one file a command, nothing imported before it is needed, no traceback for a user's mistake."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from latentalign import __version__
from latentalign.cli import (
    align,
    chat,
    check,
    classify,
    diagnose,
    doctor,
    evaluate,
    index,
    lexicon,
    link,
    relate,
    search,
    train,
    transfer,
    view,
)
from latentalign.errors import LatentAlignError

UsageError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""The error of a wrong command line; typer brings its own copy of click, older versions use click's."""

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
app.add_typer(transfer.app, name="transfer")
app.command("lexicon")(lexicon.lexicon)
app.command("check")(check.check)
app.command("classify")(classify.classify)
app.command("chat")(chat.chat)
app.command("diagnose")(diagnose.diagnose)
app.command("link")(link.link)
app.add_typer(relate.app, name="relate")
app.add_typer(index.app, name="index")
app.command("search")(search.search)
app.command("view")(view.view)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("doctor")(doctor.doctor)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 fine, 1 failed, 2 usage, 3 some records failed, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        status = app(arguments, standalone_mode=False)
    except UsageError as error:
        error.show()
        return int(error.exit_code)
    except LatentAlignError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        return 130
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
