"""A component of a spaCy pipeline: entities linked to a catalogue, or found and linked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latentalign.registry import require
from latentalign.text.mentions import GivenMention, MentionedText
from latentalign.text.spans import Span

if TYPE_CHECKING:
    from latentalign.tasks.linking.link import Linker
    from latentalign.tasks.linking.result import LinkedMention

NAME = "latentalign_linker"


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkerComponent:
    """Gives the entities of a document the ids of concepts, as ``ent.kb_id_``.

    What a linker says of a stretch is in ``doc.user_data["latentalign"]``, by its offsets of characters.

    Args:
        linker: links.
        find: whether mentions are found; without, the entities that the document has are linked.
        label: of found entities.
    """

    linker: Linker
    find: bool = False
    label: str = "CONCEPT"

    def __call__(self, doc: Any) -> Any:
        """Return the document with its entities linked."""
        if not doc.text.strip():
            return doc
        given = None if self.find else tuple(self._given(doc))
        result = self.linker.link_record(MentionedText(text=doc.text, mentions=given))
        links = {(one.span.start, one.span.end): one for one in result.mentions}
        doc.user_data["latentalign"] = links
        if self.find:
            doc.set_ents(list(self._found(doc, result.mentions)), default="unmodified")
        else:
            doc.set_ents([self._linked(doc, ent, links) for ent in doc.ents])
        return doc

    def pipe(self, docs: Iterable[Any], batch_size: int = 32) -> Iterator[Any]:
        """Yield each document with its entities linked."""
        return map(self, docs)

    @staticmethod
    def _given(doc: Any) -> Iterator[GivenMention]:
        return (GivenMention(span=Span(ent.start_char, ent.end_char)) for ent in doc.ents)

    @staticmethod
    def _linked(doc: Any, ent: Any, links: dict[tuple[int, int], LinkedMention]) -> Any:
        found = links[ent.start_char, ent.end_char]
        return doc.char_span(ent.start_char, ent.end_char, label=ent.label_, kb_id=found.concept or "")

    def _found(self, doc: Any, mentions: Iterable[LinkedMention]) -> Iterator[Any]:
        """Yield the mentions as entities, widened to whole tokens; one that meets an entity already there gives way."""
        taken = {place for ent in doc.ents for place in range(ent.start, ent.end)}
        for one in mentions:
            span = doc.char_span(*one.span, label=self.label, kb_id=one.concept or "", alignment_mode="expand")
            if span is not None and taken.isdisjoint(range(span.start, span.end)):
                taken.update(range(span.start, span.end))
                yield span


def register() -> Callable[..., LinkerComponent]:
    """Make the component known to spaCy under ``latentalign_linker`` and return what makes it.

    Where latentalign is installed, spaCy finds it by itself.

    Raises:
        MissingExtraError: spaCy is not installed.
    """
    language = require("spacy.language", extra="spacy").Language
    defaults: dict[str, Any] = {
        "catalogue": None,
        "folder": None,
        "find": False,
        "label": "CONCEPT",
        "threshold": None,
        "settings": {},
    }
    made: Callable[..., LinkerComponent] = language.factory(NAME, default_config=defaults, func=make)
    return made


def make(
    *,
    nlp: Any,  # noqa: ARG001 (spaCy gives it)
    name: str,  # noqa: ARG001 (spaCy gives it)
    catalogue: str | None,
    folder: str | None,
    find: bool,
    label: str,
    threshold: float | None,
    settings: dict[str, Any],
) -> LinkerComponent:
    """Return the component that the configuration of a pipeline describes.

    Args:
        nlp: the pipeline.
        name: of the component in it.
        catalogue: file of concepts; None takes that of the folder.
        folder: of a trained linker.
        find: whether mentions are found; without, the entities that are there are linked.
        label: of found entities.
        threshold: the least probability of an answer; None takes that of the linker.
        settings: of ``LinkerConfig``.

    Raises:
        InputError: neither a catalogue nor a folder.
    """
    from dataclasses import replace

    from latentalign.tasks.linking.link import Linker

    linker = Linker.load(catalogue, folder=folder, **settings)
    asked = linker if threshold is None else replace(linker, threshold=threshold)
    return LinkerComponent(linker=asked, find=find, label=label)


def __getattr__(name: str) -> Any:
    """Register when spaCy asks for ``factory`` through its entry point, so that importing this does nothing."""
    if name != "factory":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return register()
