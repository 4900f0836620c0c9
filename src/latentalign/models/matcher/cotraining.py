"""Labels of a few texts carried over to many, by two machines that teach each other, and by what is known of labels."""

from __future__ import annotations

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.families.transport import Transport
from latentalign.models.matcher.spreading import passing

RIDGE_WEIGHT = 10.0
"""Log-odds that the kernel machine gives a label of which it is sure."""
KNOWN_WEIGHT = 0.4
"""Log-odds of one standard deviation of what is known of the labels."""
TRUST = 0.1
"""How much a text without a label passes on, beside one with."""
FLOOR = 1e-3
"""The least share that the graph gives a label."""


def cotrain(
    likeness: Tensor,
    labels: Tensor,
    *,
    known: Tensor | None = None,
    even: bool = False,
    neighbours: int = 5,
    reach: float = 0.95,
    ridge: float = 1.6,
    rounds: int = 12,
) -> Tensor:
    r"""Return (text, label) how probable each label is, by two machines that teach each other.

    $$u_{ic} = a\,\hat f_{ic} + \log (g_{ic} + \epsilon) + b\,k_{ic}, \quad
    Q = \operatorname{softmax}(u) \text{ or } \partial \Phi(u) / \partial u$$

    $\hat f$ is what kernel ridge regression says of a text, learned from the labels $Q$ of all others (each left out in
    closed form); $g$ is what the graph of nearest neighbours passes on to it (``passing``), one without label a tenth
    of what one with does. Where labels are known to be even, $Q$ is the transport plan that gives each label as
    many texts ($\Phi$ is ``Transport`` in the mode ``balanced``). It begins with the graph and goes on for some rounds.

    Args:
        likeness: (text, text) symmetric, in standard deviations; a sum of inner products.
        labels: (text,) the number of each label, -1 where it is not known; every label is there.
        known: (text, label) $k$, in standard deviations over the texts; None for nothing.
        even: whether the texts without labels are as many of each label.
        neighbours, reach: of the graph, see ``passing``.
        ridge: how strongly the kernel machine is held back, above 0.
        rounds: of teaching each other, at least 0.

    Returns:
        rows that sum to 1; those of labelled texts are their labels.

    Raises:
        InputError: no label, or a value out of its range.

    Cost: two inverses of a matrix of the number of texts, and two products with it a round.

    Blum and Mitchell 1998 (two views); Zhou and others 2004 (graph); Rifkin and Lippert 2007, eq. 12 (leaving one out);
    Hu, Gripon and Pateux 2021, section 3.2 (plans of texts to labels).

    >>> points = torch.tensor([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.0], [-0.9, 0.1]])
    >>> cotrain(2 * points @ points.T, torch.tensor([0, -1, 1, -1]), neighbours=1).argmax(dim=1).tolist()
    [0, 0, 1, 1]
    """
    if not (ridge > 0 and rounds >= 0):
        raise InputError(wanted="a ridge above 0, rounds of 0 or more", came=f"{ridge} and {rounds}", where="cotrain")
    passed = passing(likeness, labels, neighbours=neighbours, reach=reach)
    told = torch.nn.functional.one_hot(labels.clamp_min(0), int(labels.max()) + 1).double()
    new = (labels < 0)[:, None]
    inverse = _inverse(likeness.double(), ridge)
    prior = torch.zeros_like(told) if known is None else known.double()
    now = torch.where(new, (2 * prior).softmax(dim=1), told)
    now = _plan(_of_graph(passed, now, new), told, new, even=even)
    for _ in range(rounds):
        machine = now - inverse @ now / inverse.diagonal()[:, None]
        scores = RIDGE_WEIGHT * machine + _of_graph(passed, now, new) + KNOWN_WEIGHT * prior
        now = _plan(scores, told, new, even=even)
    return now.float()


def _inverse(likeness: Tensor, ridge: float) -> Tensor:
    """Return (text, text) the inverse of the ridge regression, of a kernel whose rows and columns have the mean 0."""
    centred = likeness - likeness.mean(dim=0)
    centred = centred - centred.mean(dim=1, keepdim=True)
    found: Tensor = torch.linalg.inv(centred + ridge * torch.eye(len(likeness), dtype=torch.float64))
    return found


def _plan(scores: Tensor, told: Tensor, new: Tensor, *, even: bool) -> Tensor:
    """Return (text, label) the labels of those with labels, and of the new ones what the scores make of them."""
    found = scores[new[:, 0]]
    shared = Transport(mode="balanced").expected(found) if even else found.softmax(dim=1)
    return told.masked_scatter(new, shared)


def _of_graph(passed: Tensor, now: Tensor, new: Tensor) -> Tensor:
    """Return (text, label) the log of the share of each label in what comes to a text from the others."""
    weighed = torch.where(new, TRUST * now, now)
    found = passed @ weighed - torch.where(new, passed.diagonal()[:, None] * weighed, 0.0)
    found = found.clamp_min(1e-9)
    found = found / found.sum(dim=0)
    return (found / found.sum(dim=1, keepdim=True) + FLOOR).log()
