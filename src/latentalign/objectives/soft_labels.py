"""Soft labels: a student spreads a text over the candidates as a teacher does."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from latentalign.errors import InputError, ShapeError
from latentalign.objectives.reduction import Reduction, reduce


def soft_labels(values: Tensor, teacher: Tensor, *, temperature: float = 1.0, reduction: Reduction = "mean") -> Tensor:
    r"""Return how far a student's distribution over candidates is from a teacher's, both softened.

    $$L_i = T^2 \sum_c q_{ic} \log \frac{q_{ic}}{p_{ic}}, \quad q_i = \mathrm{softmax}\,\frac{t_i}{T}, \quad
    p_i = \mathrm{softmax}\,\frac{V_i}{T}, \quad \frac{\partial L_i}{\partial V_{ic}} = T (p_{ic} - q_{ic})$$

    The factor $T^2$ keeps the size of the gradient where the temperature changes, so that the loss can be added to that
    of the right labels (``neighbours``). Like that one it takes values and no alignment, and is not in the registry.

    Args:
        values: (text, candidate) of the student.
        teacher: (text, candidate) of the teacher, logits or log-probabilities; it gets no gradient.
        temperature: $T$, above 0. A high one tells the student of candidates that the teacher holds to be unlikely.
        reduction: ``mean`` over texts, ``sum``, or ``none``.

    Returns:
        A scalar, or (text,) for ``none``; at least 0, and 0 where both say the same.

    Raises:
        ShapeError: the two have other texts or candidates.
        InputError: a temperature that is not positive.

    Cost: two softmaxes.

    The paper has the cross-entropy; this lacks its constant, the entropy of the teacher.

    >>> import torch
    >>> soft_labels(torch.zeros(1, 2), torch.tensor([[3.0, 1.0]]).log())  # log 2 less the entropy of (3/4, 1/4)
    tensor(0.1308)

    Hinton, Vinyals and Dean 2015, eq. 1 (the softmax at a temperature), eq. 2 (the gradient), section 2 (the factor).
    """
    if values.shape != teacher.shape:
        raise ShapeError(wanted=f"values of the teacher {tuple(values.shape)}", came=str(tuple(teacher.shape)))
    if not temperature > 0:
        raise InputError(wanted="a positive temperature", came=repr(temperature), where="soft_labels.temperature")
    told = (teacher.detach() / temperature).log_softmax(dim=1)
    found = (values / temperature).log_softmax(dim=1)
    losses = temperature**2 * F.kl_div(found, told, reduction="none", log_target=True).sum(dim=1)
    return reduce(losses, losses.new_ones(losses.shape), reduction)
