"""Labels on a translation: the label that most mass comes from, spans without gaps, and none where it is not clear."""

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import quick

from latentalign.errors import InputError
from latentalign.tasks.alignment.given_links import GivenLinks
from latentalign.tasks.transfer.transfer_labels import LabelProjector, transfer_labels
from latentalign.testing.examples import from_matrix
from latentalign.text.labels import Labelled, bio_spans
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence

CAT = Labelled(words=("the", "black", "cat"), columns={"upos": ("DET", "ADJ", "NOUN"), "ner": ("O", "B-X", "I-X")})


class Matrix:
    """An aligner with one expected alignment."""

    def __init__(self, matrix: list[list[float]]) -> None:
        self.matrix = matrix

    def align_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[Evidence | Failure]:
        for pair in pairs:
            yield from_matrix(pair.source, pair.target, pair.source_spans, pair.target_spans, self.matrix)


@st.composite
def alignments(draw: st.DrawFn) -> tuple[Labelled, list[list[float]]]:
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    tags = tuple(draw(st.sampled_from(["A", "B", None])) for _ in range(rows))
    spans = tuple(draw(st.sampled_from(["O", "B-X", "I-X", "B-Y"])) for _ in range(rows))
    weights = st.sampled_from([0.0, 0.0, 1.0]) | st.floats(0.0, 1.0)
    matrix = [[draw(weights) for _ in range(columns)] for _ in range(rows)]
    return Labelled(words=("w",) * rows, columns={"upos": tags, "ner": spans}), matrix


@quick
@given(alignments(), st.floats(0.0, 1.0))
def test_a_label_is_the_one_with_the_most_mass(
    given_pair: tuple[Labelled, list[list[float]]], threshold: float
) -> None:
    source, matrix = given_pair
    result = transfer_labels(source, ["v"] * len(matrix[0]), Matrix(matrix), threshold=threshold)
    for j, (label, confidence) in enumerate(
        zip(result.labelled.columns["upos"], result.confidences["upos"], strict=True)
    ):
        column = [row[j] if row[j] > 1e-4 else 0.0 for row in matrix]
        mass = {
            tag: sum(weight for weight, one in zip(column, source.columns["upos"], strict=True) if one == tag)
            for tag in ("A", "B")
        }
        assert confidence == pytest.approx(max(mass.values()) / max(1.0, sum(column)))
        assert (label is not None) == (confidence >= threshold and confidence > 0)
        assert label is None or mass[label] == max(mass.values())


@quick
@given(alignments(), st.floats(0.0, 1.0))
def test_spans_stay_whole_and_apart(given_pair: tuple[Labelled, list[list[float]]], threshold: float) -> None:
    source, matrix = given_pair
    result = transfer_labels(
        source, ["v"] * len(matrix[0]), Matrix(matrix), columns=(), span_columns=("ner",), threshold=threshold
    )
    wanted = bio_spans(source.columns["ner"])
    assert [(span.label, span.source) for span in result.spans] == [(one.label, (one.start, one.end)) for one in wanted]
    kept = sorted((*span.target, span.label) for span in result.spans if span.target)
    assert [tuple(span) for span in bio_spans(result.labelled.columns["ner"])] == kept
    for span in result.spans:
        assert 0 <= span.confidence <= 1
        assert span.target is None or span.confidence >= threshold
        for i in range(*span.source):  # a span whose words go nowhere is nowhere
            if span.target and not any(matrix[i][j] > 1e-4 for i in range(*span.source) for j in range(*span.target)):
                raise AssertionError(i)


def test_words_change_places_with_their_labels() -> None:
    result = transfer_labels(CAT, ["le", "chat", "noir"], [(0, 0), (1, 2), (2, 1)], span_columns=("ner",))
    assert result.labelled.columns == {"upos": ("DET", "NOUN", "ADJ"), "ner": ("O", "B-X", "I-X")}
    assert result.confidences == {"upos": (1.0, 1.0, 1.0), "ner": (0.0, 1.0, 1.0)}
    assert result.spans[0].target == (1, 3)
    assert result.evidence.pairs()[1] == ("black", "noir", 1.0)


def test_it_abstains_where_labels_or_places_compete() -> None:
    unclear = [(0, 0), (1, 1), (2, 1)]
    result = transfer_labels(CAT, ["le", "chat", "là"], unclear, threshold=0.6)
    assert result.labelled.columns["upos"] == ("DET", None, None)
    assert result.confidences["upos"] == (1.0, 0.5, 0.0)
    lenient = transfer_labels(CAT, ["le", "chat", "là"], unclear, threshold=0.5)
    assert lenient.labelled.columns["upos"] == ("DET", "ADJ", None)
    scattered = transfer_labels(
        CAT, ["a", "b", "c", "d"], [(1, 0), (0, 1), (0, 2), (2, 3)], columns=(), span_columns=("ner",), threshold=0.6
    )
    assert scattered.spans[0].target is None
    assert scattered.spans[0].confidence == pytest.approx(0.5)
    assert scattered.labelled.columns["ner"] == ("O", "O", "O", "O")


def test_what_cannot_be_projected_is_named() -> None:
    good = transfer_labels(CAT, ["x"], [(0, 0)])
    assert good.labelled.words == ("x",)
    with pytest.raises(InputError, match="a column 'pos'"):
        transfer_labels(CAT, ["x"], [(0, 0)], columns=("pos",))
    with pytest.raises(InputError, match="O, B-LABEL"):
        transfer_labels(CAT, ["x"], [(0, 0)], span_columns=("upos",))
    with pytest.raises(InputError, match="not blank"):
        transfer_labels(CAT, [" "], [(0, 0)])
    with pytest.raises(InputError, match="3-0"):
        transfer_labels(CAT, ["x"], [(3, 0)])


def test_one_bad_sentence_harms_no_other() -> None:
    bad = Failure(error=InputError(wanted="labels", came="none"), id="2")
    projector = LabelProjector(aligner=GivenLinks(links=[[(0, 0)]] * 3))
    first, second, third = projector.project_many([(CAT, ["x"]), (bad, []), (CAT, ["y"])])
    assert first.labelled.columns["upos"] == third.labelled.columns["upos"] == ("DET",)
    assert second is bad
