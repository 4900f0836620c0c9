"""One patient as he comes: a text, or a list of symptoms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from latentalign.errors import InputError
from latentalign.tasks.diagnosis.result import Symptom
from latentalign.text.assertions import assertion, assertions
from latentalign.text.characters import check_text, is_blank
from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is said of one patient.

    Args:
        text: all of it.
        items: where the items of a list stand in it; empty for a free text.
        id: of the record, if it has one.
        where: the file and line it came from, for messages.
    """

    text: str
    items: tuple[Span, ...] = ()
    id: str | None = None
    where: str = field(default="", compare=False)

    @classmethod
    def of(cls, given: str | Sequence[str], *, id: str | None = None, where: str = "") -> Case:
        """Return the case in a free text, or in a list of symptoms.

        Raises:
            InputError: a blank text, an empty list or a blank item.

        >>> case = Case.of(["fever", "no cough"])
        >>> [(one.text, one.state) for one in case.symptoms()]
        [('fever', 'present'), ('cough', 'absent')]
        """
        place = where or "symptoms"
        if not isinstance(given, str | Sequence):
            raise InputError(wanted="a text, or a list of symptoms", came=type(given).__name__, where=place)
        listed = [given] if isinstance(given, str) else list(given)
        if not listed:
            raise InputError(wanted="at least one symptom", came="an empty list", where=place)
        for number, one in enumerate(listed):
            if is_blank(check_text(one, where=place)):
                raise InputError(wanted="a symptom in words", came=f"a blank one, number {number}", where=place)
        if isinstance(given, str):
            return cls(text=given, id=id, where=where)
        spans, start = [], 0
        for one in listed:
            spans.append(Span(start, start + len(one)))
            start += len(one) + 2
        return cls(text="; ".join(listed), items=tuple(spans), id=id, where=where)

    def symptoms(self, is_name: Callable[[str], bool] = lambda _: False) -> tuple[Symptom, ...]:
        """Return what the text says is there, is not there or may be there, in order.

        Args:
            is_name: whether a phrase is the name of a finding, such as "absent speech", which denies nothing.
        """
        if not self.items:
            found = [(0, one) for one in assertions(self.text, is_name=is_name)]
        else:
            each = [(item.start, assertion(item.of(self.text), is_name=is_name)) for item in self.items]
            found = [(start, one) for start, one in each if one is not None]
        symptoms = []
        for start, one in found:
            span = Span(one.span.start + start, one.span.end + start)
            cue = None if one.cue is None else Span(one.cue.start + start, one.cue.end + start)
            symptoms.append(Symptom(text=span.of(self.text), span=span, state=one.state, cue=cue))
        return tuple(symptoms)
