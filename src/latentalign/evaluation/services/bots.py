"""Bots of services that are only described, on dialogues with them: what they find, and what they know after a turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from latentalign.evaluation.report import Cell
from latentalign.evaluation.services.goals import Said, Values, goal_row, goals
from latentalign.tasks.chat.conversation import State
from latentalign.tasks.chat.service_bot import bot_table
from latentalign.tasks.slots.dialogues import Service

if TYPE_CHECKING:
    from latentalign.tasks.chat.bot import Bot
    from latentalign.tasks.slots.described_slots import DescribedSlotTagger


class BotTurns(NamedTuple):
    """What a bot makes of the turns of a dialogue.

    Args:
        told: the values that it finds in each turn.
        states: the values that it knows after each turn.
        intents: what it takes each turn to want; None is an abstention.
    """

    told: list[Values]
    states: list[Values]
    intents: list[str | None]


def bot_rows(
    said: Sequence[Said],
    told: Sequence[Sequence[Values]],
    agrees: Sequence[Sequence[bool]],
    services: Mapping[str, Service],
    learned: DescribedSlotTagger,
) -> Iterator[dict[str, Cell]]:
    """Yield the rows of bots, with those of plain carrying over on the same turns."""
    count = f"({sum(map(len, said))} turns)"
    flat = [one for some in agrees for one in some]
    yield goal_row(f"learned {count}", said, told, goals(said, told), services)
    yield goal_row(f"learned, offers agreed to {count}", said, told, goals(said, told, agrees=flat), services)
    for name, tagger, offers in (
        ("bot of descriptions", None, False),
        ("bot with the learned tagger", learned, False),
        ("bot with the learned tagger, offers agreed to", learned, True),
    ):
        found = bot_turns(said, services, tagger, offers=offers)
        told_by, states, intents = ([getattr(one, part) for one in found] for part in BotTurns._fields)
        yield goal_row(f"{name} {count}", said, told_by, states, services, intents=intents)


def bot_turns(
    said: Sequence[Said], services: Mapping[str, Service], learned: DescribedSlotTagger | None, *, offers: bool = False
) -> list[BotTurns]:
    """Return what the bot of each service makes of the turns of each dialogue.

    Args:
        said: what each dialogue says to a service.
        services: by name.
        learned: a tagger of described slots; None takes a bot without one.
        offers: whether the bot knows what the system has offered.
    """
    from latentalign.tasks.chat.bot import Bot

    bots: dict[str, Bot] = {}
    for name in dict.fromkeys(one.service for some in said for one in some):
        slots = {key: one.told for key, one in services[name].asked.items()}
        tagger = None if learned is None else learned.tagger(slots)
        bots[name] = Bot.load(bot_table(services[name]), slots=tagger)
    return [_turns(some, bots[some[0].service], offers=offers) for some in said]


def _turns(some: Said, bot: Bot, *, offers: bool) -> BotTurns:
    state, found = State(), BotTurns([], [], [])
    for one in some:
        asked = tuple(name for name in one.annotated.asked if name in bot.content.slots)
        offered = dict(one.offered) if offers else {}
        reply, state = bot.reply(one.annotated.text, replace(state, asked=asked, offered=offered))
        found.told.append({slot.slot: slot.value for slot in reply.slots})
        found.states.append(state.values)
        found.intents.append(reply.intent)
    return found
