"""Names to objects: explicit tables of strings, open to third parties through entry points.

A table maps a name to ``"module:attribute"``, so that listing the names (``--help``) imports nothing. A package that
is not ours adds to the table ``families`` by declaring an entry point in the group ``latentalign.families``.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from typing import Any

from latentalign.errors import LatentAlignError, MissingExtraError, UnknownNameError


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the advice for a name that is not known: the nearest known one, and the whole list.

    >>> nearest("makrov", ["independent", "markov"])
    "did you mean 'markov'? Known: independent, markov"
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listed = "Known: " + (", ".join(names) or "none")
    return f"did you mean {close[0]!r}? {listed}" if close else listed


def require(module: str, *, extra: str) -> Any:
    """Import an optional dependency, or raise one line that names the extra which brings it.

    Raises:
        MissingExtraError: the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            wanted=f"the optional package {module!r}",
            came=f"none installed ({error})",
            fix=f"pip install 'latentalign[{extra}]'",
        ) from error


class Registry(Mapping[str, str]):
    """A read-only table of one kind of thing; ``load`` resolves a name to the object.

    >>> families.load("independent").__name__
    'Independent'
    """

    def __init__(self, kind: str, table: dict[str, str]) -> None:
        self.kind = kind
        self._own = table

    @property
    def _table(self) -> dict[str, str]:
        found = {point.name: point.value for point in metadata.entry_points(group=f"latentalign.{self.kind}")}
        return found | self._own

    def __getitem__(self, name: str) -> str:
        table = self._own if name in self._own else self._table
        if name not in table:
            raise UnknownNameError(
                wanted=f"a name in the registry of {self.kind}", came=repr(name), fix=nearest(name, table)
            )
        return table[name]

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def load(self, name: str) -> Any:
        """Import and return what ``name`` stands for.

        Raises:
            UnknownNameError: nothing is registered under that name; the message names the nearest one.
        """
        target = self[name]
        module, _, attribute = target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except LatentAlignError:
            raise
        except (ImportError, AttributeError) as error:
            raise UnknownNameError(
                wanted=f"'module:attribute' that imports, for {name!r} of {self.kind}",
                came=f"{target!r} ({error})",
                fix="mend the table or the entry point, or install what it imports",
            ) from error


families = Registry(
    "families",
    {
        "independent": "latentalign.families.independent:Independent",
        "markov": "latentalign.families.markov:Markov",
        "chain": "latentalign.families.chain:Chain",
        "monotonic": "latentalign.families.monotonic:Monotonic",
        "transport": "latentalign.families.transport:Transport",
        "matching": "latentalign.families.matching:Matching",
        "agreement": "latentalign.families.agreement:Agreement",
    },
)
potentials = Registry(
    "potentials",
    {
        "similarity": "latentalign.models.potentials.similarity:Similarity",
        "pooled": "latentalign.models.potentials.pooled:Pooled",
        "lexical": "latentalign.models.potentials.lexical:Lexical",
        "position": "latentalign.models.potentials.position:Position",
        "length": "latentalign.models.potentials.length:Length",
        "null": "latentalign.models.potentials.null:Null",
    },
)
readers = Registry(
    "readers",
    {
        "parallel": "latentalign.formats.parallel:read",
        "tsv": "latentalign.formats.tsv:read",
        "jsonl": "latentalign.formats.jsonl:read",
        "pharaoh": "latentalign.formats.pharaoh:read",
        "tmx": "latentalign.formats.tmx:read",
        "xliff": "latentalign.formats.xliff:read",
        "conllu": "latentalign.formats.conll:read_conllu",
        "bio": "latentalign.formats.conll:read_bio",
    },
)
catalogues = Registry(
    "catalogues",
    {
        "csv": "latentalign.formats.catalogue.rows:read_csv",
        "tsv": "latentalign.formats.catalogue.rows:read_tsv",
        "jsonl": "latentalign.formats.catalogue.rows:read_jsonl",
        "obo": "latentalign.formats.catalogue.obo:read",
        "rdf": "latentalign.formats.catalogue.rdf:read",
    },
)
mapping_readers = Registry(
    "mapping_readers",
    {
        "sssom": "latentalign.formats.mappings.sssom:read",
        "oaei": "latentalign.formats.mappings.oaei:read",
    },
)
mapping_writers = Registry(
    "mapping_writers",
    {
        "sssom": "latentalign.formats.mappings.sssom:write",
        "oaei": "latentalign.formats.mappings.oaei:write",
    },
)
collections = Registry(
    "collections",
    {
        "jsonl": "latentalign.formats.documents:read_jsonl",
        "csv": "latentalign.formats.documents:read_csv",
        "folder": "latentalign.formats.documents:read_folder",
        "beir": "latentalign.formats.documents:read_beir",
    },
)
candidates = Registry(
    "candidates",
    {
        "exact": "latentalign.index.candidates.exact:ExactCandidates",
        "usearch": "latentalign.index.candidates.usearch:UsearchCandidates",
        "qdrant": "latentalign.index.candidates.qdrant:QdrantCandidates",
        "lancedb": "latentalign.index.candidates.lancedb:LanceCandidates",
    },
)
writers = Registry(
    "writers",
    {
        "pharaoh": "latentalign.formats.pharaoh:write",
        "json": "latentalign.formats.jsonl:write",
        "tsv": "latentalign.formats.tsv:write",
        "html": "latentalign.formats.html:write",
        "svg": "latentalign.formats.svg:write",
        "text": "latentalign.formats.plain:write",
        "tmx": "latentalign.formats.tmx:write",
        "xliff": "latentalign.formats.xliff:write",
        "conllu": "latentalign.formats.conll:write_conllu",
        "bio": "latentalign.formats.conll:write_bio",
    },
)
metrics = Registry(
    "metrics",
    {
        "aer": "latentalign.metrics.links:aer",
        "pearson": "latentalign.metrics.correlation:pearson",
        "strict-f1": "latentalign.metrics.beads:strict_f1",
        "span-f1": "latentalign.metrics.span_f1:span_f1",
        "spearman": "latentalign.metrics.correlation:spearman",
        "accuracy": "latentalign.metrics.accuracy:accuracy",
        "macro-f1": "latentalign.metrics.macro_f1:macro_f1",
        "ece": "latentalign.metrics.calibration_error:calibration_error",
        "brier": "latentalign.metrics.brier:brier",
        "auroc": "latentalign.metrics.auroc:auroc",
        "fpr95": "latentalign.metrics.false_positives:false_positive_rate",
        "risk-coverage": "latentalign.metrics.risk_coverage:area_under_risk",
        "deletion": "latentalign.metrics.deletion:deletion",
        "ndcg": "latentalign.metrics.ranking:ndcg",
        "average-precision": "latentalign.metrics.ranking:average_precision",
        "reciprocal-rank": "latentalign.metrics.ranking:reciprocal_rank",
    },
)
tasks = Registry(
    "tasks",
    {
        "align": "latentalign.tasks.alignment.align:Aligner",
        "transfer-markup": "latentalign.tasks.transfer.transfer_markup:MarkupProjector",
        "transfer-labels": "latentalign.tasks.transfer.transfer_labels:LabelProjector",
        "lexicon": "latentalign.tasks.transfer.lexicon:LexiconBuilder",
        "check": "latentalign.tasks.transfer.check:TranslationChecker",
        "classify": "latentalign.tasks.classification.classify:Classifier",
        "sections": "latentalign.tasks.sections.sectioner:SectionClassifier",
        "slots": "latentalign.tasks.slots.tagger:SlotTagger",
        "described-slots": "latentalign.tasks.slots.described_slots:DescribedSlotTagger",
        "chat": "latentalign.tasks.chat.bot:Bot",
        "diagnose": "latentalign.tasks.diagnosis.diagnose:Diagnoser",
        "link": "latentalign.tasks.linking.link:Linker",
        "express": "latentalign.tasks.linking.express:TripleAligner",
        "relate": "latentalign.tasks.relating.relate:OntologyAligner",
        "relate-citation": "latentalign.tasks.relating.cite:CitationLinker",
        "relate-papers": "latentalign.tasks.relating.papers:PaperRelater",
        "search": "latentalign.tasks.retrieval.search:Searcher",
    },
)
evaluations = Registry(
    "evaluations",
    {
        "similarity": "latentalign.evaluation.similarity.recipe:Similarity",
        "sources": "latentalign.evaluation.alignment.sources:Sources",
        "sentences": "latentalign.evaluation.alignment.sentences:Sentences",
        "words": "latentalign.evaluation.alignment.words:Words",
        "classification": "latentalign.evaluation.classification.recipe:ClassificationRecipe",
        "ontologies": "latentalign.evaluation.relating.ontology_matching:OntologyMatching",
        "citations": "latentalign.evaluation.relating.cited_sentences:CitedSentences",
        "search": "latentalign.evaluation.search:SearchRecipe",
        "diagnosis": "latentalign.evaluation.diagnosis.recipe:DiagnosisRecipe",
        "linking": "latentalign.evaluation.linking.recipe:LinkingRecipe",
        "expressing": "latentalign.evaluation.linking.expressing:ExpressingRecipe",
        "sections": "latentalign.evaluation.sections.recipe:SectionsEvaluation",
        "slots": "latentalign.evaluation.slots.recipe:SlotsEvaluation",
        "service-intents": "latentalign.evaluation.services.intents:ServiceIntents",
        "service-states": "latentalign.evaluation.services.states:ServiceStates",
    },
)
trainers = Registry(
    "trainers",
    {
        "aligner": "latentalign.tasks.alignment.train_aligner:AlignerRecipe",
        "classifier": "latentalign.tasks.classification.classifier_recipe:ClassifierRecipe",
        "sections": "latentalign.tasks.sections.train_sections:SectionsRecipe",
        "slots": "latentalign.tasks.slots.train_slots:SlotsRecipe",
        "described-slots": "latentalign.tasks.slots.train_described_slots:DescribedSlotsRecipe",
        "distilled": "latentalign.tasks.alignment.train_distilled:DistilledRecipe",
        "encoder": "latentalign.tasks.alignment.train_encoder:EncoderRecipe",
        "linker": "latentalign.tasks.linking.train_linker:LinkerRecipe",
    },
)
objectives = Registry(
    "objectives",
    {
        "likelihood": "latentalign.objectives.likelihood:likelihood",
        "guided": "latentalign.objectives.guided:guided",
        "agreement": "latentalign.objectives.agreement:agreement",
        "consistency": "latentalign.objectives.consistency:consistency",
        "contrastive": "latentalign.objectives.contrastive:contrastive",
        "masked": "latentalign.objectives.masked:masked",
        "elbo": "latentalign.objectives.elbo:elbo",
    },
)
