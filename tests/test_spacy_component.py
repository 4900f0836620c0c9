"""The component for spaCy, in a real pipeline."""

from pathlib import Path

import pytest

from latentalign.tasks.linking import spacy_component
from tests.test_link import LEXICAL, write_catalogue

pytest.importorskip("spacy", reason="the extra spacy is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


def pipeline(tmp_path: Path, **config: object):
    import spacy

    spacy_component.register()
    nlp = spacy.blank("en")
    settings = {"catalogue": str(write_catalogue(tmp_path)), "settings": {"scorer": LEXICAL}, **config}
    nlp.add_pipe("latentalign_linker", config=settings)
    return nlp


def test_entities_that_are_there_get_the_ids_of_concepts(tmp_path: Path) -> None:
    nlp = pipeline(tmp_path)
    rules = nlp.add_pipe("entity_ruler", before="latentalign_linker")
    rules.add_patterns([{"label": "DISEASE", "pattern": "flu"}, {"label": "PLACE", "pattern": "Rome"}])
    doc = nlp("The flu in Rome.")
    assert [(ent.text, ent.label_, ent.kb_id_) for ent in doc.ents] == [
        ("flu", "DISEASE", "D:1"),
        ("Rome", "PLACE", ""),
    ]
    assert doc.user_data["latentalign"][4, 7].label == "influenza"


def test_mentions_are_found_and_give_way_to_entities(tmp_path: Path) -> None:
    nlp = pipeline(tmp_path, find=True, label="CONCEPT")
    docs = list(nlp.pipe(["She had chronic obstructive pulmonary disease.", " ", ""]))
    assert [(ent.text, ent.kb_id_) for ent in docs[0].ents] == [("chronic obstructive pulmonary disease", "D:3")]
    assert [len(doc.ents) for doc in docs[1:]] == [0, 0]


def test_the_entry_point_registers_when_it_is_asked_for() -> None:
    from spacy.language import Language

    assert spacy_component.factory is spacy_component.make
    assert Language.has_factory("latentalign_linker")
    with pytest.raises(AttributeError):
        _ = spacy_component.nothing
