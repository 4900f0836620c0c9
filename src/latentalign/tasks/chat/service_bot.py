"""The bot of a service that is only described: its intents, its slots, and what a value of a list may be called."""

from __future__ import annotations

from typing import Any

from latentalign.tasks.chat.bot_file import SlotConfig
from latentalign.tasks.slots.dialogues import Service, ServiceSlot
from latentalign.tasks.slots.service_utterances import ways

ANSWERS = {"True": ("yes", "sure"), "False": ("no",)}
"""How a question whether something is wanted is answered."""


def bot_table(service: Service) -> dict[str, Any]:
    """Return the bot of a service as a table, for ``Bot.load``; it asks for nothing and says what it has understood.

    >>> from latentalign.tasks.slots.dialogues import ServiceIntent
    >>> slot = ServiceSlot("when", ())
    >>> intent = ServiceIntent("Set an alarm", ("time",), ())
    >>> bot_table(Service(name="Alarm", slots={"time": slot}, intents={"SetAlarm": intent}))["intents"]
    {'SetAlarm': {'description': 'Set an alarm', 'examples': ['set alarm'], 'replies': ['Done.', 'Done: {time}.']}}
    """
    slots = {
        name: {
            "description": one.description,
            "values": {key: [*some, *ANSWERS.get(key, ())] for key, some in ways(one).items()},
        }
        for name, one in service.asked.items()
    }
    return {
        "fallback": "Sorry?",
        **({"slots": slots} if slots else {}),
        "intents": {
            name: {
                "description": one.description,
                "examples": [words_of(name)],
                "replies": [
                    "Done.",
                    *(
                        f"Done: {{{slot}}}."
                        for slot in dict.fromkeys((*one.required, *one.optional))
                        if slot in service.asked
                    ),
                ],
            }
            for name, one in service.intents.items()
        },
    }


def words_of(name: str) -> str:
    """Return the name of an intent or a slot as words.

    >>> words_of("SearchOnewayFlight"), words_of("flight_class")
    ('search oneway flight', 'flight class')
    """
    spaced = "".join(f" {one}" if one.isupper() else one for one in name.replace("_", " "))
    return " ".join(spaced.lower().split())


def value_of(slot: ServiceSlot, said: str) -> str:
    """Return the value of a list that some words stand for: in any case, in part, or with more; or the words.

    >>> value_of(ServiceSlot("how many", ("1", "2")), "Two"), value_of(ServiceSlot("of food", ()), "Thai")
    ('2', 'Thai')
    """
    return SlotConfig(values=ways(slot)).nearest(said)
