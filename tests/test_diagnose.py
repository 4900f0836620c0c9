"""Diagnosis end to end: profiles from files, values against their formula, evidence, abstention, and the command."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from latentalign.cli.main import main
from latentalign.errors import InputError, UnknownNameError
from latentalign.families import Transport
from latentalign.models.matcher.calibration import OUT
from latentalign.models.matcher.profile import Feature, Profile
from latentalign.models.matcher.profiles import Findings, ProfileMatcher
from latentalign.models.matcher.set_calibration import SetCalibration
from latentalign.tasks.diagnosis.case import Case
from latentalign.tasks.diagnosis.case_file import read_cases
from latentalign.tasks.diagnosis.diagnose import Diagnoser
from latentalign.tasks.diagnosis.phrase_cache import vectors_of
from latentalign.tasks.diagnosis.profile_file import read_profiles
from latentalign.tasks.diagnosis.result import NOTE
from latentalign.text.pairs import Failure
from tests.tiny_models import write

PROFILES = (
    Profile(
        name="influenza",
        features=(Feature(name="high fever", frequency=0.9), Feature(name="dry cough"), Feature(name="muscle aches")),
        prevalence=0.05,
    ),
    Profile(
        name="measles",
        features=(Feature(name="high fever", frequency=0.9), Feature(name="blotchy rash", frequency=0.95)),
        prevalence=0.001,
        id="X:2",
    ),
    Profile(
        name="migraine",
        features=(Feature(name="throbbing headache"), Feature(name="nausea"), Feature(name="absent appetite")),
        prevalence=0.1,
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="module")
def diagnoser(folder: Path) -> Diagnoser:
    # vectors of random weights say nothing, so letters alone decide
    return Diagnoser.load(PROFILES, model=str(folder), device="cpu", vector_weight=0.0, letter_weight=19.0)


def findings(diagnoser: Diagnoser, *said: str, certainty: float = 1.0, absent: tuple[str, ...] = ()) -> Findings:
    return diagnoser.findings([(one, certainty) for one in said], absent, diagnoser.ratios([*said, *absent]))


def test_the_first_profile_explains_what_it_has_and_says_what_it_leaves(diagnoser: Diagnoser) -> None:
    said = "High fever and a blotchy rash, also hiccups, but no nausea."
    result = diagnoser.diagnose(said)
    assert result.label == "measles"
    first = result.ranked[0]
    assert {(one.symptom.text, one.finding.name) for one in first.explained} == {
        ("High fever", "high fever"),
        ("blotchy rash", "blotchy rash"),
    }
    assert [one.text for one in first.unexplained] == ["hiccups"]
    assert first.missing == ()
    assert [(one.text, one.state) for one in result.symptoms][-1] == ("nausea", "absent")
    assert all(one.span.of(said) == one.text for one in result.symptoms)
    assert all(one.finding.span.of(first.evidence.target) == one.finding.name for one in first.explained)
    assert first.evidence.source == said
    assert len(first.evidence.null_target) == 2
    third = next(one for one in result.ranked if one.name == "migraine")
    assert [one.finding.name for one in third.contradicted] == ["nausea"]
    assert third.contradicted[0].gain < 0
    assert sum(one.probability for one in result.ranked) + result.nothing == pytest.approx(1.0, abs=1e-5)
    assert result.note == NOTE


def test_the_missing_findings_are_those_that_no_symptom_is_taken_for(diagnoser: Diagnoser) -> None:
    (first, *_) = diagnoser.diagnose(["dry cough"]).ranked
    assert [one.name for one in first.missing] == ["high fever", "muscle aches"]
    assert first.missing[0].frequency == 0.9


def test_a_value_is_the_log_likelihood_ratio_of_the_formula(diagnoser: Diagnoser) -> None:
    matcher, profiles = diagnoser.matcher, diagnoser.profiles
    case = findings(diagnoser, "high fever", "nauseous", absent=("dry cough",))
    chance, power = matcher.null_chance, diagnoser.settings.frequency_power
    for number, value in enumerate(matcher.values(case, profiles).tolist()):
        entries = slice(profiles.bounds[number], profiles.bounds[number + 1])
        features = profiles.features[entries]
        often = profiles.chances[entries]
        shares = often**power / (often**power).sum()
        ratios = case.ratios[:, features].exp()
        told = (chance + (1 - chance) * ratios @ shares).log().sum()
        denied = (1 - (case.absent[0, features].exp() * often).sum()).log()
        assert value == pytest.approx(float(told + denied), abs=1e-4)
        assert float(matcher.value(case, profiles, number)) == pytest.approx(value, abs=1e-4)
        gains = matcher.gains(case, profiles, number)
        assert float(gains.sum() + matcher.losses(case, profiles, number).sum()) == pytest.approx(value, abs=1e-4)


def test_a_finding_named_exactly_is_as_much_likelier_as_it_is_rare(diagnoser: Diagnoser) -> None:
    ratios = diagnoser.ratios(["blotchy rash"])["blotchy rash"]
    number = diagnoser.phrases.names["blotchy rash"]
    assert float(ratios[number]) == pytest.approx(-float(diagnoser.phrases.shares[number].log()), abs=0.01)
    meant = (ratios + diagnoser.phrases.shares.log()).exp()
    assert 0.99 < float(meant.sum()) <= 1.0
    assert float(diagnoser.phrases.shares.sum()) < 1


def test_an_uncertain_finding_counts_in_part(diagnoser: Diagnoser) -> None:
    sure, unsure, never = (
        float(diagnoser.values(findings(diagnoser, "blotchy rash", certainty=one))[1]) for one in (1.0, 0.5, 1e-8)
    )
    assert sure > unsure > never
    assert never == pytest.approx(0.0, abs=1e-3)
    assert unsure == pytest.approx(math.log(0.5 + 0.5 * math.exp(sure)), abs=1e-4)
    doubted = diagnoser.diagnose("possible blotchy rash")
    assert doubted.symptoms[0].state == "uncertain"
    assert doubted.ranked[0].value == pytest.approx(unsure, abs=1e-4)


def test_denials_and_prevalence_move_the_ranking(diagnoser: Diagnoser) -> None:
    assert diagnoser.diagnose("high fever").label == "influenza"  # fifty times as common
    even = replace(diagnoser, profiles=replace(diagnoser.profiles, prior=torch.full((3,), 1 / 3).log()))
    assert even.diagnose("high fever").label == "measles"  # one finding of two, not of three
    assert even.diagnose("high fever, no blotchy rash").label == "influenza"
    flat = Diagnoser.load(
        PROFILES, model=diagnoser.settings.model, device="cpu", prior_temperature=float("inf"), vector_weight=0.0
    )
    assert flat.profiles.prior.exp().tolist() == pytest.approx([1 / 3] * 3)


def test_what_is_not_in_the_catalogue_is_answered_with_an_abstention(diagnoser: Diagnoser) -> None:
    result = diagnoser.diagnose(["flat tyre", "oil leak", "squealing brakes"])
    assert result.abstains
    assert result.label is None
    assert result.nothing > 0.5
    alone = diagnoser.diagnose("no fever")
    assert alone.abstains
    assert alone.possible == ()


def test_what_a_text_says_by_the_way_counts_by_the_chance_that_it_is_a_finding(diagnoser: Diagnoser) -> None:
    text = "I went to the shops yesterday, blotchy rash"
    case = Case.of(text)
    said = [one.text for one in case.symptoms()]
    ratios = diagnoser.ratios(said)
    chances = diagnoser.phrases.symptomatic(torch.stack([ratios[one] for one in said]))
    assert float(chances[0]) < 0.2 < 0.99 < float(chances[1])
    read = diagnoser.read(case, ratios)
    profiles, matcher = diagnoser.profiles, diagnoser.matcher
    shares = profiles.weights[profiles.bounds[1] : profiles.bounds[2]].exp()
    features = profiles.features[profiles.bounds[1] : profiles.bounds[2]]
    here = torch.stack([(ratios[one][features].exp() * shares).sum() for one in said])
    chance = matcher.null_chance  # by the way, 1; a finding out of nowhere; a finding of the profile
    told = (1 - chances + chances * chance + (1 - chance) * here).log().sum()
    assert float(diagnoser.values(read)[1]) == pytest.approx(float(told), abs=1e-3)
    assert read.symptomatic == pytest.approx(1 - float((1 - chances).prod()), abs=1e-6)
    result, listed = diagnoser.diagnose(text), diagnoser.diagnose(said)
    assert result.label == "measles"
    assert result.nothing < listed.nothing
    assert diagnoser.diagnose("flat tyre, oil leak, squealing brakes").abstains
    assert diagnoser.read(Case.of("rash"), diagnoser.ratios(["rash"])).symptomatic == 1.0  # a text of one phrase


def test_the_ranking_outlasts_the_probabilities(diagnoser: Diagnoser) -> None:
    result = diagnoser.diagnose(["blotchy rash", *(f"flat tyre {number}" for number in range(200))])
    assert result.nothing == 1.0
    assert result.ranked[0].name == "measles"
    assert result.possible[0] == "measles"
    without = diagnoser.probabilities(findings(diagnoser, "blotchy rash"), left_out=1)
    assert len(without) == 3
    assert float(without[-1]) > float(diagnoser.probabilities(findings(diagnoser, "blotchy rash"))[-1])


def test_the_name_of_a_finding_is_no_denial(diagnoser: Diagnoser) -> None:
    assert diagnoser.diagnose(["absent appetite"]).symptoms[0].state == "present"
    assert diagnoser.diagnose(["absent fever"]).symptoms[0].state == "absent"


def test_with_transport_a_finding_is_not_used_twice(diagnoser: Diagnoser) -> None:
    case = findings(diagnoser, "high fever", "high fevers")
    once = replace(diagnoser.matcher, family=Transport(), aligned=2)
    mass = once.alignment(case, diagnoser.profiles, 0).expected
    assert float(mass[:, 0].sum()) <= 1 + 1e-5
    assert float(diagnoser.matcher.alignment(case, diagnoser.profiles, 0).expected[:, 0].sum()) > 1.9
    values, plain = (one.values(case, diagnoser.profiles) for one in (once, diagnoser.matcher))
    for number in (0, 1):
        assert float(values[number]) == pytest.approx(float(once.value(case, diagnoser.profiles, number)), abs=1e-4)
    assert float(values[2]) < float(plain[2])


def test_a_bad_case_keeps_its_place_and_spoils_no_other(diagnoser: Diagnoser) -> None:
    given = ["high fever", " ", ["nausea", ""], [], Case.of("nausea", id="7"), "it"]
    results = list(diagnoser.diagnose_many(given))
    kinds = [type(one).__name__ for one in results]
    assert kinds == ["Diagnosis", "Failure", "Failure", "Failure", "Diagnosis", "Failure"]
    assert results[4].id == "7"
    with pytest.raises(InputError, match="a symptom"):
        diagnoser.diagnose("")


@given(st.floats(0, 60), st.lists(st.floats(-30, 30), min_size=2, max_size=5), st.integers(0, 9))
def test_the_order_is_that_of_values_and_prior_however_many_findings(
    count: float, values: list[float], seed: int
) -> None:
    worth = torch.tensor(values, dtype=torch.float64)
    prior = torch.randn(len(values), generator=torch.Generator().manual_seed(seed), dtype=torch.float64).log_softmax(0)
    found = SetCalibration().given(worth, prior, count)
    order = (worth + prior).argsort(descending=True, stable=True)
    assert bool((found[order].diff() <= 1e-12).all())


def test_what_is_left_of_a_case_has_its_own_chance_to_be_a_finding() -> None:
    case = Findings(ratios=torch.zeros(2, 3), certainty=torch.ones(2), absent=torch.zeros(0, 3))
    assert case.symptomatic == 1.0
    passing = case.in_passing(torch.tensor([0.9, 0.01]))
    assert passing.symptomatic == pytest.approx(1 - 0.1 * 0.99)
    assert passing.without([0]).symptomatic == pytest.approx(0.01)


def test_a_phrase_beside_denied_ones_is_a_text_and_no_list(diagnoser: Diagnoser) -> None:
    case = Case.of("My cousin visited; no fever, no stiff neck")
    ratios = diagnoser.ratios([one.text for one in case.symptoms(diagnoser.is_name)])
    assert len([one for one in case.symptoms(diagnoser.is_name) if one.state != "absent"]) == 1
    assert diagnoser.read(case, ratios).symptomatic < 1.0
    assert diagnoser.read(Case.of("fever"), diagnoser.ratios(["fever"])).symptomatic == 1.0


def test_many_findings_are_no_surer_than_the_most_that_probabilities_were_fitted_on() -> None:
    calibration, prior = SetCalibration(), torch.zeros(3)
    values = torch.tensor([9.0, 6.0, 0.0])  # 1, 2/3 and 0 a finding
    for count in (9.0, 18.0, 90.0):
        torch.testing.assert_close(
            calibration.given(values * count / 9, prior, count), calibration.given(values, prior, 9.0)
        )
    fewer = calibration.given(values * 4 / 9, prior, 4.0)
    assert float(fewer[0]) < float(calibration.given(values, prior, 9.0)[0])


def test_a_calibration_gives_probabilities_and_leaves_the_prior_out_of_nothing() -> None:
    values, prior = torch.tensor([5.0, 1.0, -2.0]), torch.tensor([0.98, 0.01, 0.01]).log()
    even = torch.full((3,), 1 / 3).log()
    calibration = SetCalibration()
    found, other = calibration.probabilities(values, prior, 3), calibration.probabilities(values, even, 3)
    assert float(found.sum()) == pytest.approx(1.0)
    assert float(found[-1]) == pytest.approx(float(other[-1]))
    assert float(found[0]) > float(other[0])
    worse = [float(calibration.probabilities(values, even, count)[-1]) for count in (1, 3, 9)]
    assert worse == sorted(worse)


def test_a_calibration_is_fitted_to_the_share_that_is_right() -> None:
    generator = torch.Generator().manual_seed(0)
    values = 3 * torch.randn(600, 4, generator=generator)
    labels = torch.distributions.Categorical(logits=values / 2)  # right as often as temperature 2 says
    torch.manual_seed(0)
    told = [*labels.sample().tolist(), *[OUT] * 200]
    low = torch.full((200, 4), -9.0)
    found = SetCalibration.fit(torch.cat([values, low]), told, [3.0] * 800)
    assert found.at(3).temperature == pytest.approx(2.0, abs=0.4)
    assert found.most == 3
    assert float(found.probabilities(low[0], torch.zeros(4), 3)[-1]) > 0.9
    with pytest.raises(InputError, match="cases without one"):
        SetCalibration.fit(values, labels.sample().tolist(), [3.0] * 600)


OBO = """format-version: 1.2

[Term]
id: HP:1
name: Fever
alt_id: HP:9
synonym: "High temperature" EXACT layperson []
synonym: "Warmth" BROAD []

[Term]
id: HP:2
name: Cough

[Term]
id: HP:3
name: old
is_obsolete: true

[Typedef]
id: part_of
"""
HPOA = """#version: x
database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\tsex\tmodifier\taspect\tbiocuration
O:1\tflu\t\tHP:9\t\t\t\tHP:0040281\t\t\tP\t
O:1\tflu\t\tHP:2\t\t\t\t3/4\t\t\tP\t
O:1\tflu\tNOT\tHP:3\t\t\t\t\t\t\tP\t
O:1\tflu\t\tHP:4\t\t\t\t\t\t\tI\t
"""
FILES = {
    "ids.csv": "disease,symptom,id,prevalence\nflu,fever,X:1,0.05\nflu,cough,,\n",
    "late.csv": "disease,symptom,id,prevalence\nflu,fever,,0.05\nflu,cough,X:1,\n",
    "rows.csv": "disease,symptom,frequency,prevalence\nflu,fever,90%,1/20\nflu,cough,3/4,\nflu,x,0,\nx,fever,0,\n",
    "lists.tsv": "name\tsymptoms\tprevalence\nflu\tfever; cough\t0.05\n",
    "a.jsonl": '{"disease": "flu", "symptoms": [["fever", "90%"], "cough"], "prevalence": 0.05}\n',
    "b.jsonl": '{"name": "flu", "symptoms": [{"name": "fever", "frequency": 0.9}, "cough"], "prevalence": "5%"}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_profiles_are_read_from_every_form(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf8")
    (one,) = read_profiles(path)
    assert one.name == "flu"
    assert [feature.name for feature in one.features] == ["fever", "cough"]
    given = {"rows.csv": [0.9, 0.75], "a.jsonl": [0.9, None], "b.jsonl": [0.9, None]}
    assert [feature.frequency for feature in one.features] == given.get(name, [None, None])
    assert one.id == ("X:1" if "X:1" in FILES[name] else None)
    assert one.prevalence == pytest.approx(0.05)


def test_an_annotation_table_is_read_with_its_ontology(tmp_path: Path) -> None:
    (tmp_path / "hp.obo").write_text(OBO, encoding="utf8")
    (tmp_path / "phenotype.hpoa").write_text(HPOA, encoding="utf8")
    (one,) = read_profiles(tmp_path / "phenotype.hpoa", terms=tmp_path / "hp.obo")
    assert (one.name, one.id) == ("flu", "O:1")
    assert one.features == (
        Feature(name="Fever", frequency=0.9, synonyms=("High temperature",), id="HP:1"),
        Feature(name="Cough", frequency=0.75, id="HP:2"),
    )
    (tmp_path / "a.csv").write_text("disease,symptom\nflu,high temperature\n", encoding="utf8")
    (other,) = read_profiles(tmp_path / "a.csv", terms=tmp_path / "hp.obo")
    assert other.features[0].synonyms == ("Fever",)
    assert other.features[0].id == "HP:1"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "disease,symptom,frequency\nflu,fever,often\n", r"a.csv:2: .*a frequency such as"),
        ("a.csv", "illness,symptom\nflu,fever\n", "a name under one of disease"),
        ("a.csv", "disease,sign\nflu,fever\n", "findings under one of"),
        ("a.csv", "disease,symptom\n", "at least one disease"),
        ("a.jsonl", '{"disease": "flu", "symptoms": [3]}\n', "a finding: a string"),
        ("a.jsonl", "{\n", "a.jsonl:1: .*a JSON object"),
        ("a.jsonl", "[]\n", "got list"),
        ("a.jsonl", '{"disease": "flu", "symptoms": ["x"], "prevalence": 2}\n', "a frequency such as"),
        ("absent.csv", None, "absent.csv: wanted a file that can be read"),
        ("a.jsonl", '{"disease": "flu", "symptoms": 5}\n', "a list of findings"),
        ("a.jsonl", '{"disease": "flu", "symptoms": {"fever": 0.9}}\n', "a list of findings"),
        ("a.jsonl", '{"disease": "flu", "symptoms": [{"name": "x", "synonyms": 5}]}\n', "a list of synonyms"),
        ("a.jsonl", '{"disease": "flu", "id": [1], "symptoms": ["x"]}\n', "a string under 'id'"),
        ("a.csv", 'disease,symptom\nflu,"' + "x" * 200_000 + '"\n', "a table"),
        ("phenotype.hpoa", HPOA, "--terms"),
    ],
)
def test_a_file_that_holds_no_profiles_is_refused(name: str, content: str | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf8")
    with pytest.raises(InputError, match=message):
        read_profiles(tmp_path / name)


def test_vectors_of_phrases_are_kept_and_a_damaged_file_is_made_again(
    diagnoser: Diagnoser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = diagnoser.phrases.encoder
    phrases = ["fever", "rash"]
    first = vectors_of(phrases, encoder, cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    monkeypatch.setattr("latentalign.tasks.diagnosis.phrase_cache.encode", lambda *_: pytest.fail("encoded again"))
    assert_close(vectors_of(phrases, encoder, cache=tmp_path), first)
    monkeypatch.undo()
    kept.write_bytes(b"damaged")
    assert_close(vectors_of(phrases, encoder, cache=tmp_path), first)
    vectors_of(["fever"], encoder, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert_close(vectors_of(phrases, encoder, cache=kept / "no folder"), first)


@pytest.fixture
def command(folder: Path, tmp_path: Path) -> list[str]:
    rows = [f"{one.name},{feature.name}\n" for one in PROFILES for feature in one.features]
    (tmp_path / "profiles.csv").write_text("disease,symptom\n" + "".join(rows), encoding="utf8")
    settings = [f'model="{folder}"', "vector_weight=0.0", "letter_weight=19.0"]
    options = [part for one in settings for part in ("--set", one)]
    return ["--profiles", str(tmp_path / "profiles.csv"), "--cache", str(tmp_path / "cache"), *options]


def test_the_command_answers_in_order_with_errors_in_their_place(command: list[str], tmp_path: Path, capsys) -> None:
    cases = tmp_path / "patients.jsonl"
    rows = [{"id": 1, "symptoms": ["high fever", "blotchy rash"]}, {"id": 2}, {"text": "nausea and throbbing headache"}]
    cases.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    assert main(["diagnose", str(cases), *command, "--json"]) == 3
    captured = capsys.readouterr()
    found = [json.loads(line) for line in captured.out.splitlines()]
    assert [one.get("label") for one in found] == ["measles", None, "migraine"]
    assert found[1]["error"]["where"] == f"{cases}:2"
    assert found[1]["id"] == "2"
    assert found[0]["note"] == found[2]["note"] == NOTE
    explained = {one["symptom"]["text"] for one in found[0]["ranked"][0]["explained"]}
    assert explained == {"high fever", "blotchy rash"}
    assert main(["diagnose", str(cases), *command, "--on-error", "fail"]) == 1


def test_the_command_takes_a_text_or_the_symptoms_of_one_patient(command: list[str], capsys) -> None:
    assert main(["diagnose", "high fever, blotchy rash, no nausea", *command, "--top", "1"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"measles ({NOTE})\n")
    assert "explains: " in shown
    assert main(["diagnose", "nausea", "throbbing headache", "hiccups", *command]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("migraine")
    assert "does not explain: hiccups" in shown
    assert "expected, not mentioned: absent appetite" in shown


def test_a_wrong_command_says_what_to_do(command: list[str], capsys) -> None:
    assert main(["diagnose", "fever"]) == 2
    assert main(["diagnose", "fever", *command, "--set", "null_chanse=0.1"]) == 1
    assert "did you mean 'null_chance'" in capsys.readouterr().err
    with pytest.raises(UnknownNameError, match="prior_temperature"):
        Diagnoser.load(PROFILES, prior_temprature=2.0)
    for wrong in (
        {"prior_temperature": 0.0},
        {"certainty": 0.0},
        {"null_chance": 1.0},
        {"aligned": 0},
        {"unknown_frequency": 0.0},
    ):
        with pytest.raises(InputError):
            Diagnoser.load(PROFILES, model=None, **wrong)
    assert ProfileMatcher().null_chance < 1


def test_a_line_of_a_file_is_a_text_or_an_object(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text('fever\n{"symptoms": ["fever"], "id": "a"}\n{"symptoms": [1]}\n', encoding="utf8")
    found = list(read_cases(str(path)))
    assert [type(one).__name__ for one in found] == ["Case", "Case", "Failure"]
    assert found[1].id == "a"
    assert isinstance(found[2], Failure)
