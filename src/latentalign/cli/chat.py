"""``latentalign chat``: a conversation with a bot, on a terminal or through a pipe."""

from __future__ import annotations

import json as json_lines
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign.cli import options
from latentalign.cli.output import opened

if TYPE_CHECKING:
    from latentalign.tasks.chat.conversation import Reply, State
    from latentalign.tasks.chat.slot_filling import SlotValue
    from latentalign.text.pairs import Failure
    from latentalign.text.records import TextRecord


def chat(
    bot: Annotated[Path, typer.Argument(help="The folder of a bot, with its bot.toml.")],
    why: Annotated[bool, typer.Option("--why", help="Say below each reply what it rests on.")] = False,
    model: Annotated[
        Path | None, typer.Option(help="The folder of a trained classifier; default MiniLM as it is.")
    ] = None,
    slots: Annotated[
        Path | None, typer.Option(help="The folder of a trained tagger of slots, for the slots that it knows.")
    ] = None,
    json: options.Json = False,
    output: options.Output = None,
) -> int:
    r"""Hold one conversation with a bot: a prompt on a terminal, a line in and a line out through a pipe.

    Examples:

      latentalign chat examples/bots/table-booking

      printf 'a table for two\nat eight\n' | latentalign chat examples/bots/table-booking --json

      latentalign chat examples/bots/table-booking --slots checkpoints/slots-restaurant8k --why
    """
    from latentalign.tasks.chat.bot import Bot
    from latentalign.text.pairs import Failure

    loaded = Bot.load(bot, classifier=model, slots=slots)
    failures = 0
    with opened(output) as out:
        for reply, state in loaded.replies(_said()):
            if isinstance(reply, Failure):
                failures += 1
                sys.stderr.write(f"latentalign: {reply.error}\n")
            out.write(_object(reply, state) if json else _lines(reply, why=why))
            out.flush()
    return 3 if failures else 0


def _said() -> Iterator[TextRecord | Failure]:
    """Yield what is typed until the end of input, asked for with a prompt if somebody is there to type."""
    from latentalign.formats import texts
    from latentalign.formats.policy import attempt
    from latentalign.text.records import TextRecord

    if not sys.stdin.isatty():
        yield from texts.read("-")
        return
    while True:
        try:
            line = input("> ")
        except EOFError:
            sys.stderr.write("\n")
            return
        if line.strip():
            yield attempt(lambda text: TextRecord(text=text), line)


def _object(reply: Reply | Failure, state: State) -> str:
    from latentalign.formats.fields import to_fields
    from latentalign.text.pairs import Failure

    fields = to_fields(reply) if isinstance(reply, Failure) else reply.to_fields()
    return json_lines.dumps({**fields, "state": state.to_fields()}, ensure_ascii=False) + "\n"


def _lines(reply: Reply | Failure, *, why: bool) -> str:
    from latentalign.formats.drawing.glyphs import printable
    from latentalign.formats.lines import one_line
    from latentalign.text.pairs import Failure

    if isinstance(reply, Failure):
        return "\n"
    rows = [reply.text]
    if why:
        rows += [f"  {reply.reason}"]
        rows += [f"  {one.slot} = {one.value} ({one.score:.2f}): {one.text!r}, {_because(one)}" for one in reply.slots]
    return "".join(f"{printable(one_line(row))}\n" for row in rows)


def _because(one: SlotValue) -> str:
    return f"learned, for {one.like!r}" if one.because == "learned" else f"by its {one.because}, as in {one.like!r}"
