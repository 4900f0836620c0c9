"""Whether a person agrees to what was offered, by alignment with ways to say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentalign.text.sentences import sentences

if TYPE_CHECKING:
    from latentalign.models.matcher.matcher import Matcher
    from latentalign.models.matcher.memory import Memory
    from latentalign.tasks.chat.bot_file import BotConfig

ENOUGH = 3.0
"""Log-odds against NULL: what says yes is like a way to say yes, and not only more like it than like anything else."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AgreementReader:
    """Says whether a text agrees to an offer: its first sentence does, for a question or a wish may follow.

    Args:
        matcher: of the bot.
        memory: two candidates: ways to agree, and what people say instead.
    """

    matcher: Matcher
    memory: Memory

    @classmethod
    def of(cls, bot: BotConfig, matcher: Matcher) -> AgreementReader:
        """Return the one of a bot.

        Cost: one pass of the encoder over its ways to agree, and not to.
        """
        from latentalign.models.matcher.candidate import candidates_of

        known = {"agrees": bot.agreements, "does not": bot.no_agreements}
        return cls(matcher=matcher, memory=matcher.remember(candidates_of(known)))

    def agrees(self, text: str) -> bool:
        """Return whether a text, which has a word, agrees.

        Cost: one pass of the encoder over its first sentence, and an alignment with each way to agree, and not to.
        """
        from latentalign.models.matcher.memory import units_of

        units = [units_of(span.of(text)) for span in sentences(text, wrapped=True)]
        first = next(one for one in units if one.spans)
        yes, no = self.matcher.values([first], self.memory)[0].tolist()
        return bool(yes > max(no, ENOUGH))
