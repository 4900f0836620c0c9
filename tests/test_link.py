"""Linking: abbreviations, candidates, values, mentions found and given, training, the folder, the command."""

import io
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from latentalign import Linker
from latentalign.cli.main import main
from latentalign.errors import InputError, ModelError
from latentalign.formats import mentions as mention_files
from latentalign.formats.catalogue.concept import Concept
from latentalign.models.linking.aliases import AliasTable
from latentalign.models.linking.features import FEATURES, Looked
from latentalign.models.linking.mention import Mention
from latentalign.models.linking.ngrams import NgramIndex
from latentalign.models.linking.spotting import SPOT_FEATURES, Sketch, Spotter
from latentalign.models.linking.weights import LinkWeights
from latentalign.tasks.linking.result import LinkedText
from latentalign.tasks.linking.train_linker import LinkerTraining, seen
from latentalign.text.abbreviations import abbreviations
from latentalign.text.mentions import GivenMention, MentionedText
from latentalign.text.pairs import Failure
from latentalign.text.spans import Span

CATALOGUE = (
    Concept(id="D:1", label="influenza", synonyms=("flu",), types=("infection",)),
    Concept(id="D:2", label="common cold", synonyms=("cold", "acute coryza"), types=("infection",)),
    Concept(id="D:3", label="chronic obstructive pulmonary disease", synonyms=("COPD",), types=("lung disease",)),
    Concept(id="D:4", label="breast neoplasm", synonyms=("breast cancer", "cancer of the breast"), types=("neoplasm",)),
    Concept(id="D:5", label="lung neoplasm", synonyms=("lung cancer",), types=("neoplasm", "lung disease")),
)
LEXICAL = {"potentials": [{"name": "lexical", "weight": 14.0, "mode": "ngram"}, {"name": "null", "weight": 5.0}]}
TEXT = "The patient had a cold. Her chronic obstructive lung disease (COLD) was worse than cancers of the breast."


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker.load(CATALOGUE, scorer=LEXICAL)


def spans(result: LinkedText) -> list[tuple[str, str | None]]:
    return [(one.text, one.concept) for one in result.mentions]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("ataxia telangiectasia (A-T) is", [("A-T", "ataxia telangiectasia")]),
        ("heat shock protein (HSP, a chaperone)", [("HSP", "heat shock protein")]),
        ("GTP-binding proteins (GBPs)", [("GBPs", "GTP-binding proteins")]),
        ("two alleles (see below) of it (2003)", []),
        ("nothing that fits (XYZ)", []),
        ("PWS (Prader-Willi syndrome)", [("PWS", "Prader-Willi syndrome")]),
        ("(AB) at the start", []),
    ],
)
def test_abbreviations_are_paired_with_their_long_forms(text: str, pairs: list[tuple[str, str]]) -> None:
    assert [(short.of(text), long.of(text)) for short, long in abbreviations(text)] == pairs


def test_cosines_of_names_are_those_of_their_vectors() -> None:
    names = ["breast cancer", "lung cancer", "asthma", "asthma"]
    index = NgramIndex.of(names)
    for number, name in enumerate(names):
        cosines = index.cosines(name)
        assert cosines[number] == pytest.approx(1.0, abs=1e-6)
        assert cosines.max() <= 1 + 1e-6
    assert index.nearest("qqq", 3) == []
    shares = index.shares(["breast", "cancer"], "lung cancer")
    assert sum(shares) == pytest.approx(index.cosines("breast cancer")[1], rel=1e-5)
    assert shares[0] == pytest.approx(0.0, abs=0.05)
    one, other = index.cosines("breast cancer")[1], index.cosines("lung cancer")[0]
    assert one == pytest.approx(other, rel=1e-5)


def test_candidates_come_by_every_way_to_write_a_name() -> None:
    table = AliasTable.of(CATALOGUE)
    for form, concept in {"FLU": 0, "cancers of breasts": 3, "COPD": 2, "cop-d": 2, "lung cncer": 4, "lc": 4}.items():
        found = {table.aliases[number].concept for number in table.candidates([form], nearest=3)}
        assert concept in found, form


def test_the_value_of_a_concept_is_that_of_its_best_name_and_probabilities_sum_to_one() -> None:
    features = torch.zeros(3, len(FEATURES))
    features[:, FEATURES.index("words")] = torch.tensor([1.0, 3.0, 2.0])
    looked = Looked(
        mention=Mention(span=Span(0, 1), forms=("x",)), aliases=(0, 1, 2), forms=("x",) * 3, features=features
    )
    weights = LinkWeights(weights={"words": 2.0}, null=5.0)
    found = weights.chances(looked, [7, 7, 8])
    assert [(one.concept, one.row, one.value) for one in found.ranked] == [(7, 1, 6.0), (8, 2, 4.0)]
    wanted = torch.tensor([6.0, 4.0, 5.0]).softmax(0).tolist()
    assert [*(one.probability for one in found.ranked), found.nothing] == pytest.approx(wanted)
    assert weights.log_odds(looked, [7, 7, 8]) == pytest.approx(float(torch.tensor([6.0, 4.0]).logsumexp(0)) - 5)
    assert sum(weights.parts(looked, 1).values()) == pytest.approx(6.0)


def test_weights_that_are_fitted_tell_right_from_wrong_and_know_nil() -> None:
    def example(good: float, bad: float, right: set[int]) -> tuple[Looked, list[int], frozenset[int]]:
        features = torch.zeros(2, len(FEATURES))
        features[:, FEATURES.index("spelling")] = torch.tensor([good, bad])
        mention = Mention(span=Span(0, 1), forms=("x",))
        return Looked(mention=mention, aliases=(0, 1), forms=("x", "x"), features=features), [0, 1], frozenset(right)

    examples = [example(0.9, 0.2, {0}), example(0.3, 0.8, {1}), example(0.3, 0.2, set()), example(0.2, 0.3, set())]
    fitted = LinkWeights.fit(examples, fitted_on="a test")
    for looked, concepts, right in examples:
        found = fitted.chances(looked, concepts)
        best = found.ranked[0]
        assert ({best.concept} if best.probability > found.nothing else set()) == set(right)
    with pytest.raises(InputError):
        LinkWeights.fit(examples[2:], fitted_on="nothing that is right")
    with pytest.raises(InputError, match="weights of"):
        LinkWeights(weights={"wrods": 1.0})


def test_given_mentions_are_linked_with_their_reason(linker: Linker) -> None:
    place = TEXT.index("cancers of the breast")
    (one,) = linker.link(TEXT, mentions=[(place, place + len("cancers of the breast"))]).mentions
    assert (one.concept, one.label, one.found) == ("D:4", "breast neoplasm", 1.0)
    assert ("cancers", "cancer") in {(source, target) for source, target, _ in one.evidence.pairs()}
    assert sum(one.parts.values()) == pytest.approx(one.ranked[0].value, rel=1e-5)
    assert one.nothing + sum(meaning.probability for meaning in one.ranked) == pytest.approx(1.0, abs=1e-6)
    assert len(one.carried) == len(one.evidence.source_spans)


def test_a_short_form_means_what_the_text_says_it_means(linker: Linker) -> None:
    place = TEXT.index("COLD")
    (one,) = linker.link(TEXT, mentions=[(place, place + 4)]).mentions
    assert (one.form, one.ranked[0].concept) == ("chronic obstructive lung disease", "D:3")


def test_words_that_name_nothing_are_nil(linker: Linker) -> None:
    (one,) = linker.link("The chimney was blocked.", mentions=[(4, 11)]).mentions
    assert one.abstains
    assert one.probability == one.nothing > 0.5
    assert linker.link("一二三", mentions=[(0, 3)]).mentions[0].concept is None


def test_a_threshold_turns_unsure_answers_into_nil(linker: Linker) -> None:
    strict = replace(linker, threshold=1.0)
    assert strict.link("a flu", mentions=[(2, 5)]).mentions[0].abstains
    with pytest.raises(InputError):
        replace(linker, threshold=1.5)


def test_types_constrain_the_answer(linker: Linker) -> None:
    text, where = "a cancer", [(2, 8)]
    assert linker.with_types(["lung disease"]).link(text, mentions=where).mentions[0].ranked[0].concept == "D:5"
    ranked = linker.with_types(["infection"]).link(text, mentions=where).mentions[0].ranked
    assert {one.concept for one in ranked} <= {"D:1", "D:2"}
    with pytest.raises(InputError, match=r"'infektion'.*did you mean 'infection'"):
        linker.with_types(["infektion"])


def test_mentions_that_are_found_are_disjoint_and_in_order(linker: Linker) -> None:
    sure = replace(linker, spotter=Spotter(weights={"exact": 6.0, "words": 3.0, "constant": -2.0}))
    result = sure.link(TEXT)
    found = [one.span for one in result.mentions]
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert ("cancers of the breast", "D:4") in spans(result)
    assert ("cold", "D:2") in spans(result)


def test_no_mention_begins_or_ends_with_a_small_word(linker: Linker) -> None:
    spots = Sketch.of(TEXT, linker.looker.table).spots
    assert "cancers of the breast" in [one.span.of(TEXT) for one in spots]
    assert not [one for one in spots if one.span.of(TEXT).split()[0].lower() in ("the", "of", "a")]


def lessons() -> list[MentionedText]:
    words = [
        "the grippe",
        "a grippe",
        "one grippe",
        "this grippe",
        "her grippe",
        "an acute coryza",
        "a rash",
        "an itch",
    ]
    concepts = ["D:1"] * 5 + ["D:2", "D:99", "D:98"]
    return [
        MentionedText(
            text=f"She had {one}.",
            mentions=(GivenMention(span=Span(8 + one.index(" ") + 1, 8 + len(one)), concepts=frozenset({concept})),),
        )
        for one, concept in zip(words, concepts, strict=True)
    ]


def test_mentions_teach_names(linker: Linker) -> None:
    text, where = "Then came la grippe.", [(13, 19)]
    assert linker.link(text, mentions=where).mentions[0].concept is None
    taught = LinkerTraining().fit(linker, lessons())
    (one,) = taught.link(text, mentions=where).mentions
    assert (one.concept, one.ranked[0].name) == ("D:1", "grippe")
    assert taught.weights.fitted_on == "8 texts"


def test_what_a_text_teaches_never_helps_itself(linker: Linker) -> None:
    record = replace(lessons()[0], id="0")
    table = AliasTable.of(CATALOGUE, taught=[("grippe", "D:1", "0")])
    looker = replace(linker.looker, table=table)
    mention = Mention(span=Span(12, 18), forms=("grippe",), text=record.id)
    kinds = {apart: {table.aliases[one].kind for one in looker.look(mention, apart=apart).aliases} for apart in (0, 1)}
    assert "taught" in kinds[0]
    assert "taught" not in kinds[1]


def test_the_spotter_counts_how_often_a_name_is_a_mention(linker: Linker) -> None:
    texts = [
        MentionedText(text="a cold in the cold", mentions=(GivenMention(span=Span(2, 6)),)),
        MentionedText(text="cold water", mentions=()),
    ]
    sketches = [Sketch.of(one.text, linker.looker.table) for one in texts]
    assert seen(texts, sketches)["cold"] == (1, 3)
    features = Spotter(seen={"cold": (1, 3)}).features(sketches[0].spots[0], texts[0].text, 99.0, without=(1, 2))
    named = dict(zip(SPOT_FEATURES, features, strict=True))
    assert (named["known"], named["often"], named["link"]) == (1.0, pytest.approx(-1.0986, abs=1e-3), 3.0)


@pytest.mark.filterwarnings("ignore")
def test_a_saved_linker_says_the_same(linker: Linker, tmp_path: Path) -> None:
    taught = replace(LinkerTraining().fit(linker, lessons()), types=frozenset({"infection"}), threshold=0.25, top=2)
    again = Linker.load(folder=taught.save(tmp_path / "linker"))
    text = "She had a grippe and the flu."
    assert again.link(text, mentions=[(10, 16), (25, 28)]) == taught.link(text, mentions=[(10, 16), (25, 28)])
    assert (again.types, again.threshold, again.top) == (taught.types, taught.threshold, 2)
    other = Linker.load(CATALOGUE[1:], folder=tmp_path / "linker")
    assert "D:1" not in other.looker.table.numbers
    (tmp_path / "linker" / "taught.jsonl").write_text("")
    with pytest.raises(ModelError, match=r"taught\.jsonl"):
        Linker.load(folder=tmp_path / "linker")


def test_names_are_also_found_by_their_meaning(tmp_path: Path) -> None:
    concepts = [
        Concept(id="F:1", label="association football"),
        Concept(id="F:2", label="soccoro, a town"),
        Concept(id="F:3", label="tennis"),
    ]
    near = Linker.load(concepts, nearest=1, by_meaning=True)
    looked = near.looker.look(Mention(span=Span(0, 6), forms=("soccer",)))
    assert "F:1" in {concepts[one].id for one in near.looker.owners(looked)}
    assert [concepts[one].id for one in AliasTable.of(concepts).candidates(["soccer"], nearest=1)] == ["F:2"]
    again = Linker.load(folder=near.save(tmp_path / "linker"))
    assert again.looker.table.vectors is not None
    assert torch.equal(again.looker.table.vectors, near.looker.table.vectors)
    other = Linker.load(concepts[:2], folder=tmp_path / "linker")
    assert other.looker.table.vectors is not None
    assert len(other.looker.table.vectors) == 2


def test_a_bad_record_harms_no_other(linker: Linker) -> None:
    objects = ['{"id": 1, "text": "a flu", "mentions": [[2, 5]]}', '{"id": 2, "text": "a flu", "mentions": [[2, 9]]}']
    lines = "\n".join([*objects, '{"id": 3}', ""]).encode()
    results = list(linker.link_many(mention_files.read(io.BytesIO(lines))))
    assert [isinstance(one, Failure) for one in results] == [False, True, True]
    assert [one.id for one in results] == ["1", "2", "3"]
    assert results[0].mentions[0].concept == "D:1"


@pytest.mark.parametrize(
    "mention",
    ['"x"', "[1]", "[1.5, 2]", '{"start": 1}', '{"start": true, "end": 3}', '{"start": 0, "end": 1, "type": 3}'],
)
def test_a_mention_of_another_form_is_a_failure(mention: str) -> None:
    line = f'{{"text": "a flu", "mentions": [{mention}]}}\n'.encode()
    (found,) = mention_files.read(io.BytesIO(line))
    assert isinstance(found, Failure)


def write_catalogue(folder: Path) -> Path:
    path = folder / "diseases.jsonl"
    rows = [{"id": one.id, "label": one.label, "synonyms": one.synonyms, "types": one.types} for one in CATALOGUE]
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def settings() -> list[str]:
    return ["--set", 'scorer.potentials=[{name="lexical", weight=14.0, mode="ngram"}, {name="null", weight=5.0}]']


def test_the_command_links_given_mentions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = tmp_path / "records.jsonl"
    records.write_text('{"id": "p", "text": "a flu", "mentions": [[2, 5]]}\nno json\n')
    catalogue = str(write_catalogue(tmp_path))
    assert main(["link", str(records), "-c", catalogue, "--mentions", "--json", *settings()]) == 3
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["mentions"][0]["concept"] == "D:1"
    assert first["mentions"][0]["evidence"]["target"] == "flu"
    assert "error" in second


@pytest.mark.parametrize(
    "arguments", [["a flu"], ["a flu", "-c", "x.jsonl", "--mentions"], ["a flu", "-c", "absent.csv"]]
)
def test_the_command_says_what_it_lacks(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["link", *arguments]) == 1
    assert "wanted" in capsys.readouterr().err
