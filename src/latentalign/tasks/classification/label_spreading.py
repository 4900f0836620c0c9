"""A classifier of few examples that takes texts without labels as further ones, and descriptions of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from latentalign.errors import InputError, UnknownNameError
from latentalign.registry import nearest

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.models.matcher.candidate import Candidate
    from latentalign.models.matcher.concept_names import ConceptNames
    from latentalign.models.matcher.discriminant import Vocabulary
    from latentalign.models.matcher.memory import Memory
    from latentalign.models.units import Units
    from latentalign.tasks.classification.classify import Classifier, Labels

SHARPNESS = 20.0
"""Log-odds of one more cosine between a text and a sentence of a description."""
ENOUGH = 300
"""Texts from which on a discriminant is learned, and the probabilities are fitted anew."""
AT_ONCE = 256
"""Texts whose features are compared together."""


def with_unlabelled(
    classifier: Classifier,
    texts: Sequence[str],
    *,
    descriptions: Labels | None = None,
    even: bool = False,
    least: float = 0.0,
    neighbours: int = 5,
    reach: float = 0.95,
) -> Classifier:
    """Return the classifier with more examples: texts without labels, each with the label that it most probably has.

    It pays where examples are few and texts are many and of the same kind. Which label a text has, two machines teach
    each other (``cotrain``): a graph of texts that are alike, and a kernel machine; they compare the vectors of the
    encoder and the words with their letters. Where there are ``ENOUGH`` texts then, a discriminant learns weights of
    words and of the whole from them, and the probabilities are fitted to a third of them, held out, as far as their
    labels are sure; with fewer the probabilities stay those of before.

    Args:
        classifier: with some examples of every label.
        texts: without labels; those that are examples already change nothing.
        descriptions: what is known of some labels or of all, in a text or several, which need not be like the texts;
            each sentence counts for itself.
        even: whether the texts are known to be about as many of each label.
        least: the probability that a text needs to become an example.
        neighbours, reach: see ``cotrain``.

    Raises:
        InputError: a text without a word, or a value out of its range.
        UnknownNameError: a description of something that is no label.

    Cost: one pass of the encoder over the texts and the descriptions, two inverses of a matrix of the number of texts,
    and two trainings of a discriminant.
    """
    import torch

    from latentalign.models.matcher.candidate import Candidate
    from latentalign.models.matcher.cotraining import cotrain
    from latentalign.models.matcher.memory import units_of

    old = {one.text: int(owner) for one, owner in zip(classifier.memory.units, classifier.memory.owner, strict=True)}
    new = [one for one in dict.fromkeys(units_of(text).text for text in texts) if one not in old]
    if not new:
        return classifier
    every = classifier.matcher.remember([Candidate(name="all", texts=(*old, *new))], before=classifier.memory)
    likeness, labels = _likeness(every), torch.tensor([*old.values(), *[-1] * len(new)])
    settings: dict[str, Any] = {"even": even, "neighbours": neighbours, "reach": reach}
    settings["known"] = None if descriptions is None else _known(classifier, every, descriptions)
    chances = cotrain(likeness, labels, **settings)[len(old) :]
    doubt = _doubt(likeness, labels, settings)
    spread = {text: (row.clamp_min(1e-9).log() / doubt).softmax(dim=0) for text, row in zip(new, chances, strict=True)}
    candidates = _grown(classifier.memory.candidates, spread, least)
    made = replace(classifier, memory=classifier.matcher.remember(candidates, before=every))
    if len(made.memory.units) < ENOUGH or len(made.labels) < 2:
        return made
    concepts = None if classifier.discriminant is None else classifier.discriminant.vocabulary.concepts
    return _learned(made, spread, concepts)


def _doubt(likeness: Tensor, labels: Tensor, settings: Mapping[str, Any]) -> float:
    """Return the temperature at which spread labels are as sure as they are right: of texts whose label was hidden."""
    import torch

    from latentalign.models.matcher.calibration import Calibration
    from latentalign.models.matcher.cotraining import cotrain
    from latentalign.tasks.classification.held_out import turns

    rows = [(str(number), str(label)) for number, label in enumerate(labels.tolist()) if label >= 0]
    said, told = [], []
    for _, aside in turns(rows, folds=3):
        hidden = torch.tensor([int(number) for number, _ in aside])
        found = cotrain(likeness, labels.index_fill(0, hidden, -1), **settings)
        said.append(found[hidden].clamp_min(1e-9).log())
        told.append(labels[hidden])
    if not said:
        return 1.0
    values = torch.cat(said)
    return Calibration.fit(values, torch.cat(told), torch.ones(values.shape[1])).temperature


def _grown(candidates: Sequence[Candidate], spread: Mapping[str, Tensor], least: float) -> list[Candidate]:
    """Return candidates with the texts that most probably are of them, if that is as probable as it has to be."""
    grown = [list(one.texts) for one in candidates]
    for text, chances in spread.items():
        if float(chances.max()) >= least:
            grown[int(chances.argmax())].append(text)
    return [replace(one, texts=tuple(some)) for one, some in zip(candidates, grown, strict=True)]


def _learned(made: Classifier, chances: Mapping[str, Tensor], concepts: ConceptNames | None) -> Classifier:
    """Return the classifier with a discriminant, its probabilities fitted to a third of the texts, held out.

    The label of a text held out is drawn by its probabilities, so that what is doubtful stays so.
    """
    import torch

    texts, owner = made.memory.units, made.memory.owner.tolist()
    aside: list[int] = []
    kept: list[list[str]] = [[] for _ in made.labels]
    for number, (one, label) in enumerate(zip(texts, owner, strict=True)):
        if number % 3 == 2 and kept[label]:
            aside.append(number)
        else:
            kept[label].append(one.text)
    candidates = [replace(one, texts=tuple(some)) for one, some in zip(made.memory.candidates, kept, strict=True)]
    part = replace(made, memory=made.matcher.remember(candidates, before=made.memory))
    chance = torch.Generator().manual_seed(0)
    drawn = [
        int(chances[one.text].multinomial(1, generator=chance)) if one.text in chances else label
        for one, label in ((texts[number], owner[number]) for number in aside)
    ]
    held = [texts[number].text for number in aside]
    fitted = _with_discriminant(part, concepts).calibrate(
        held,
        [made.labels[one] for one in drawn],
        fitted_on=f"{len(held)} texts held out, most with a label that was spread to them",
    )
    whole = _with_discriminant(made, concepts)
    # Two trainings, and numbers of texts, differ in the level of all values together, which only NULL feels.
    shift = float((whole.values(held, without=aside) - fitted.values(held)).mean())
    found = fitted.calibration
    more = found.prior * float((whole.memory.counts.log() - part.memory.counts.log()).mean())
    each = None if found.each_null is None else found.each_null + shift
    return replace(whole, calibration=replace(found, null=found.null + shift + more, each_null=each))


def _with_discriminant(made: Classifier, concepts: ConceptNames | None) -> Classifier:
    from latentalign.training.discriminant import DiscriminantConfig

    found = DiscriminantConfig().fit_beside(made.matcher, made.memory, concepts=concepts)
    return replace(made, discriminant=found)


def _likeness(memory: Memory) -> Tensor:
    """Return (text, text) how alike texts are, in standard deviations: by words, and by vectors where there are any."""
    from latentalign.training.discriminant import DiscriminantConfig

    found = [_standard(_shared(memory.units, DiscriminantConfig().vocabulary(memory.units)))]
    if memory.states is not None:
        found.append(_standard(memory.pooled @ memory.pooled.T))
    return sum(found[1:], found[0]) / len(found)


def _standard(products: Tensor) -> Tensor:
    import torch

    apart = products[~torch.eye(len(products), dtype=torch.bool)].double()
    return (products.double() - apart.mean()) / apart.std(correction=0).clamp_min(1e-6)


def _shared(texts: Sequence[Units], vocabulary: Vocabulary) -> Tensor:
    """Return (text, text) the inner products of the features of texts."""
    import torch

    from latentalign.models.matcher.discriminant import Bags

    bags = Bags.of(texts, vocabulary)
    found = []
    for start in range(0, len(texts), AT_ONCE):
        some = [vocabulary.weights(vocabulary.words(one)) for one in texts[start : start + AT_ONCE]]
        table = torch.zeros(len(vocabulary.places), len(some))
        for column, weights in enumerate(some):
            table[list(weights), column] = torch.tensor(list(weights.values()))
        found.append(bags.times(table))
    return torch.cat(found, dim=1)


def _known(classifier: Classifier, memory: Memory, descriptions: Labels) -> Tensor:
    r"""Return (text, label) what descriptions say of texts, in standard deviations over the texts.

    $$k_{ic} \sim \log \frac{1}{|c|} \sum_{y \in c} e^{20 \cos(\bar x_i, \bar y)} - \text{mean of labels}$$
    """
    import torch

    from latentalign.models.matcher.phrases import encode
    from latentalign.text.sentences import sentences

    encoder = classifier.matcher.scorer.encoder
    if encoder is None:
        raise InputError(wanted="a classifier with an encoder", came="one without", where="descriptions")
    for name in descriptions:
        if name not in classifier.labels:
            raise UnknownNameError(
                wanted="a label", came=repr(name), where="descriptions", fix=nearest(name, classifier.labels)
            )
    found = torch.zeros(len(memory.units), len(classifier.labels), dtype=torch.float64)
    described = []
    for number, name in enumerate(classifier.labels):
        given = descriptions.get(name, ())
        parts = [one.of(text) for text in ([given] if isinstance(given, str) else given) for one in sentences(text)]
        if parts:
            described.append(number)
            cosines = SHARPNESS * memory.pooled @ encode(list(dict.fromkeys(parts)), encoder).T
            found[:, number] = cosines.double().logsumexp(dim=1) - torch.tensor(float(len(cosines.T))).log()
    if described:
        some = found[:, described]
        if len(described) > 1:
            some = some - some.mean(dim=1, keepdim=True)
        some = (some - some.mean(dim=0)) / some.std(dim=0, correction=0).clamp_min(1e-6)
        found[:, described] = some
    return found
