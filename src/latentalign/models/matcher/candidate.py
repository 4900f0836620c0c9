"""What a text can be explained by: a description, a text, or a set of texts of which any may be the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One possible answer.

    Args:
        name: what is answered.
        texts: a description, examples, or both; which of them explains a text is latent.

    Raises:
        InputError: no text, or a blank one.

    >>> Candidate(name="refund", texts=("wants the money back",)).texts
    ('wants the money back',)
    """

    name: str
    texts: tuple[str, ...]

    def __post_init__(self) -> None:
        check_text(self.name, where="the name of a candidate")
        if not self.texts:
            raise InputError(
                wanted="a description or an example",
                came="none",
                where=f"candidate {self.name!r}",
                fix="describe it in a sentence, or give a text that belongs to it",
            )
        for number, text in enumerate(self.texts):
            if is_blank(check_text(text, where=f"candidate {self.name!r}, text {number}")):
                raise InputError(wanted="words", came="a blank text", where=f"candidate {self.name!r}, text {number}")


def candidates_of(given: Mapping[str, str | Sequence[str]]) -> tuple[Candidate, ...]:
    """Return candidates from names with a description, or a list of examples, each.

    Raises:
        InputError: none at all, or a blank text.

    >>> [one.name for one in candidates_of({"refund": "wants the money back", "thanks": ["thank you", "cheers"]})]
    ['refund', 'thanks']
    """
    if not given:
        raise InputError(wanted="at least one candidate", came="none", where="candidates")
    return tuple(
        Candidate(name=name, texts=(texts,) if isinstance(texts, str) else tuple(texts))
        for name, texts in given.items()
    )


def grouped(texts: Iterable[str], labels: Iterable[str]) -> tuple[Candidate, ...]:
    """Return a candidate for each different label, with its texts, in order of the first appearance.

    Raises:
        InputError: unequal lengths, none at all, or a blank text.
    """
    found: dict[str, list[str]] = {}
    try:
        for text, label in zip(texts, labels, strict=True):
            found.setdefault(label, []).append(text)
    except ValueError as error:
        raise InputError(wanted="as many labels as texts", came="another number", where="labels") from error
    return candidates_of(found)
