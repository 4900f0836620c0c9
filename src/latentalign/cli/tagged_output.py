"""Translations with tags as lines of text or JSON, or as a TMX or XLIFF file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentalign.cli.output import json_line
from latentalign.formats.lines import one_line
from latentalign.text.pairs import Failure, TextPair

if TYPE_CHECKING:
    from latentalign.tasks.transfer.transfer_markup import MarkupTransfer


@dataclass(kw_only=True)
class TaggedOutput:
    """Writes results in one form and counts the uncertain tags.

    Args:
        form: ``text``, ``json``, ``tmx`` or ``xliff``.
        languages: tags of source and target, for TMX and XLIFF.
    """

    form: str
    languages: tuple[str | None, str | None]
    uncertain: int = 0

    def lines(self, results: Iterable[MarkupTransfer | Failure]) -> Iterator[str]:
        """Yield the output in pieces, one a result."""
        if self.form in {"tmx", "xliff"}:
            from latentalign.formats import tmx, xliff

            source, target = (language or "und" for language in self.languages)
            form = tmx if self.form == "tmx" else xliff
            yield from form.write_file(
                self._pairs(results), source_language=source, target_language=target, markup=True
            )
            return
        for result in self._counted(results):
            if self.form == "json":
                yield json_line(result)
            else:
                yield ("" if isinstance(result, Failure) else one_line(result.markup)) + "\n"

    def _pairs(self, results: Iterable[MarkupTransfer | Failure]) -> Iterator[TextPair | Failure]:
        for result in self._counted(results):
            if isinstance(result, Failure):
                yield result
            else:
                yield TextPair(source=result.source, target=result.markup, id=result.evidence.id)

    def _counted(self, results: Iterable[MarkupTransfer | Failure]) -> Iterator[MarkupTransfer | Failure]:
        for result in results:
            if not isinstance(result, Failure):
                self.uncertain += len(result.uncertain)
            yield result
