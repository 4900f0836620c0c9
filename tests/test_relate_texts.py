"""Citing sentences and cited ones, papers and their concepts: on small invented texts."""

import json

import pytest
import torch

from latentalign import CitationLinker, PaperRelater
from latentalign.cli.main import main
from latentalign.errors import InputError
from latentalign.models.sentence_ranker import RankerConfig
from latentalign.tasks.relating.cite import probabilities, shared, split
from latentalign.text.citations import citation_marks
from latentalign.text.phrases import phrases

PAPER = [
    "Gardens on roofs",
    "We plant roofs with grass to keep houses cool.",
    "Rain was measured every hour for two summers.",
    "Planted roofs lower the temperature of rooms by four degrees.",
    "The soil holds most of the rain that falls in a storm.",
    "Bees visit the flowers of high roofs less often.",
]
CITATION = "Rivera and Stone (2014) found that green roofs make rooms four degrees cooler."


@pytest.fixture(scope="module")
def linker() -> CitationLinker:
    return CitationLinker.load()


@pytest.fixture(scope="module")
def relater() -> PaperRelater:
    return PaperRelater.load()


def test_the_cited_sentence_comes_first_with_its_words(linker: CitationLinker) -> None:
    found = linker.link(CITATION, PAPER)
    assert found.ranked[0].index == 3
    assert not found.abstains
    linked = {(source, target) for source, target, _ in found.evidence.pairs()}
    assert {("roofs", "roofs"), ("rooms", "rooms"), ("degrees", "degrees")} <= linked
    assert not {"Rivera", "Stone", "2014"} & {source for source, _ in linked}


def test_the_value_is_the_sum_of_what_is_told(linker: CitationLinker) -> None:
    for one in linker.link(CITATION, PAPER).ranked:
        place = linker.ranker.settings.place * one.index / len(PAPER)
        assert one.value == pytest.approx(sum(one.carried) + one.whole - place, abs=1e-4)


def test_probabilities_sum_to_one_and_another_subject_abstains(linker: CitationLinker) -> None:
    found = linker.link("The court rejected the appeal of the bank.", PAPER)
    assert found.abstains
    whole = CitationLinker(ranker=linker.ranker, top=len(PAPER)).link(CITATION, PAPER)
    assert sum(one.probability for one in whole.ranked) + whole.nothing == pytest.approx(1.0, abs=1e-5)


def test_the_words_that_carry_most_are_missed_most(linker: CitationLinker) -> None:
    found = linker.link(CITATION, PAPER).ranked[0]
    spans = found.evidence.source_spans
    falls = []
    for place in (max(range(len(spans)), key=lambda one: found.carried[one]), 0):
        text = CITATION[: spans[place].start] + CITATION[spans[place].end :]
        ranking = linker.rankings([text], linker.ranker.read(PAPER))[0]
        falls.append(found.value - float(ranking.value[found.index]))
    assert falls[0] > falls[1]


def test_other_citations_help_and_repetitions_do_not() -> None:
    settings = RankerConfig(shared=1.0, temperature=1.0)
    values = [torch.tensor([1.0, 1.0]), torch.tensor([5.0, 0.0])]
    first, second = shared(values, ["a", "b"], settings)
    mass = values[1].softmax(dim=0)
    assert first.tolist() == pytest.approx((values[0] + (0.2 + 2 * mass).log()).tolist())
    assert second[0] - second[1] == pytest.approx(5.0)
    assert torch.equal(shared(values[:1] * 2, ["a", "a"], settings)[0], values[0])


def test_probability_of_nothing_follows_the_fit() -> None:
    settings = RankerConfig(null=0.5, slope=2.0, temperature=1.0)
    found = probabilities(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.1]), settings)
    assert found.tolist() == pytest.approx([0.5 / (1 + 2.718281828**-1), 0.5 / (1 + 2.718281828), 0.5])


def test_documents_without_words_and_blank_citations(linker: CitationLinker) -> None:
    with pytest.raises(InputError, match="citation 0"):
        linker.link(" ", PAPER)
    with pytest.raises(InputError, match="sentence"):
        linker.link(CITATION, "")
    assert linker.link(CITATION, ["...", "the of"]).abstains
    assert linker.link("(Smith, 2001)", PAPER).evidence.links == ()
    assert split("One. Two.") == ["One.", "Two."]


def test_marks_of_citations() -> None:
    text = "As in (Lee, 1999; Wu et al., 2001), Kim and Park [3] and Ito (2010) use wheels from 1990."
    assert [span.of(text) for span in citation_marks(text)] == [
        "(Lee, 1999; Wu et al., 2001)", "Kim and Park [3]", "Ito (2010)", "1990",
    ]  # fmt: skip


def test_phrases_are_cut_at_what_is_no_name() -> None:
    text = "We quickly propose cross-lingual word embeddings of 30 languages; the embeddings work well."
    found = [span.of(text) for span in phrases(text)]
    assert found == ["cross-lingual word embeddings", "languages", "embeddings"]
    colours = "red green blue black white grey"
    assert [span.of(colours) for span in phrases(colours)] == ["blue black white grey"]
    assert phrases("of the and it") == ()


ABSTRACTS = {
    "roofs": "Green roofs keep houses cool. We measure the soil moisture of planted roofs in city districts.",
    "walls": "Green walls and planted roofs are in city districts, and their soil moisture is measured by radar.",
    "courts": "Judges of appeal courts decide about banks. We count the verdicts of supreme judges.",
}


def test_papers_are_related_by_their_concepts(relater: PaperRelater) -> None:
    found = relater.related(ABSTRACTS, top=2)
    assert found["roofs"][0].target == "walls"
    assert found["roofs"][0].value > found["roofs"][1].value
    assert not found["roofs"][0].abstains
    assert found["roofs"][1].abstains
    pairs = {(left.lower(), right.lower()) for left, right, _ in found["roofs"][0].concepts}
    assert {("soil moisture", "soil moisture"), ("city districts", "city districts")} <= pairs
    assert sum(found["roofs"][0].shares) == pytest.approx(1.0)


def test_concepts_are_one_to_one_and_the_rest_is_aligned_to_nothing(relater: PaperRelater) -> None:
    found = relater.relate(ABSTRACTS["roofs"], ABSTRACTS["walls"]).evidence
    assert len({link.source for link in found.links}) == len({link.target for link in found.links}) == len(found.links)
    assert sum(found.null_source) == len(found.source_spans) - len(found.links)
    back = relater.relate(ABSTRACTS["walls"], ABSTRACTS["roofs"]).evidence
    assert {(link.target, link.source) for link in back.links} == {(link.source, link.target) for link in found.links}


def test_a_paper_without_a_concept_is_told(relater: PaperRelater) -> None:
    with pytest.raises(InputError, match="names a concept"):
        relater.relate("of the and", ABSTRACTS["roofs"])
    with pytest.raises(InputError, match="names a concept"):
        relater.related({"a": ABSTRACTS["roofs"], "b": " "})


def test_the_commands(tmp_path, capsys) -> None:
    (tmp_path / "paper.txt").write_text("\n".join(PAPER))
    assert main(["relate", "citation", CITATION, "--paper", str(tmp_path / "paper.txt"), "--by-line", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ranked"][0]["index"] == 3
    (tmp_path / "citing.jsonl").write_text(json.dumps({"id": "W04", "said": CITATION}) + "\n")
    arguments = [str(tmp_path / "citing.jsonl"), "--paper", str(tmp_path / "paper.txt"), "--by-line", "--json"]
    assert main(["relate", "citation", *arguments, "--column", "said"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "W04"
    rows = [json.dumps({"id": name, "text": text}) for name, text in ABSTRACTS.items()]
    (tmp_path / "papers.jsonl").write_text("\n".join(rows))
    assert main(["relate", "papers", str(tmp_path / "papers.jsonl"), "--top", "1"]) == 0
    assert capsys.readouterr().out.startswith("roofs\twalls\t")
    assert main(["relate", "papers", *list(ABSTRACTS.values())[:2], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["concepts"]
    assert main(["relate", "papers", "only one"]) == 1


def test_a_bad_record_spoils_no_other(tmp_path, capsys) -> None:
    (tmp_path / "paper.txt").write_text("\n".join(PAPER))
    (tmp_path / "citations.txt").write_text(f"\n{CITATION}\n")
    arguments = [str(tmp_path / "citations.txt"), "--paper", str(tmp_path / "paper.txt"), "--by-line", "--json"]
    assert main(["relate", "citation", *arguments]) == 3
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert "error" in first
    assert second["ranked"][0]["index"] == 3
    rows = ['{"id": "bad"}', json.dumps({"id": "empty", "text": "of the"})]
    rows += [json.dumps({"id": name, "text": text}) for name, text in ABSTRACTS.items()]
    (tmp_path / "papers.jsonl").write_text("\n".join(rows))
    assert main(["relate", "papers", str(tmp_path / "papers.jsonl"), "--top", "1", "--json"]) == 3
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ["error" in one for one in found] == [True, True, False, False, False]
