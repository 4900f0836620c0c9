"""The families of the library at settings that differ in kind, each with its enumeration: what the laws are run on."""

from __future__ import annotations

from latentalign.families.agreement import Agreement
from latentalign.families.chain import Chain
from latentalign.families.independent import Independent
from latentalign.families.markov import Markov
from latentalign.families.matching import Matching
from latentalign.families.monotonic import Monotonic
from latentalign.families.transport import Transport
from latentalign.testing import oracles
from latentalign.testing.oracles import Case

MARKOV = [
    Markov(),
    Markov(null=False, temperature=0.7, jump=(-1.0, 0.3, 0.5, -0.2, -2.0)),
    Markov(start="uniform", end="jump", null_log_odds=0.5, jump=(-0.4, 0.1, 0.9)),
    Markov(end="jump", temperature=2.0, jump=(0.2,)),
    Markov(jump=(-3.0, 0.0, -250.0)),  # too wide for sums by matrix products
]
CHAIN = [
    Chain(),
    Chain(steps=((0.5, -1.0, 0.0), (0.3, 0.7, -2.0), (-0.4, 0.1, 0.9), (0.0, -1.5, 0.6)), null=-0.3),
    Chain(steps=((0.2, -0.7), (1.0, -210.0), (-1.0, 0.4)), null=None),
]
MONOTONIC = [
    Monotonic(),
    Monotonic(gap_query=-0.5, gap_key=0.3, ends="semi-global", temperature=0.7),
    Monotonic(gap_query=-0.5, gap_key=-0.3, ends="local", repeat_query=True, repeat_key=True, temperature=1.5),
    Monotonic(gap_query=-0.7, gap_key=None, ends="semi-global", repeat_key=True),
    Monotonic(gap_query=-0.7, gap_key=0.2, repeat_key=True, band=1.2),
    Monotonic(gap_query=None, gap_key=None, ends="local", repeat_query=True, band=1.0),
    Monotonic.labelling(skip=-1.0),
    Monotonic.labelling(skip=None, temperature=0.5),
]
CASES = [
    Case(family=Independent(), alignments=oracles.independent(null=True)),
    Case(family=Independent(null=False, temperature=2.0), alignments=oracles.independent(null=False)),
    Case(family=Independent(alpha=1.5)),
    Case(family=Independent(alpha=2.0, null=False)),
    Case(family=Transport()),
    Case(family=Transport(mode="balanced", temperature=2.0), hard_limit=False),
    Case(family=Transport(mode="unbalanced", reach=300.0), hard_limit=False),  # of the size of the scores
    Case(family=Matching(), alignments=oracles.matching(null=True)),
    Case(family=Matching(null=False), alignments=oracles.matching(null=False)),
    Case(family=Agreement(), hard_limit=False),
    *[Case(family=family, alignments=oracles.markov(family)) for family in MARKOV],
    *[Case(family=family, alignments=oracles.chain(family)) for family in CHAIN],
    *[Case(family=family, alignments=oracles.monotonic(family)) for family in MONOTONIC],
]
