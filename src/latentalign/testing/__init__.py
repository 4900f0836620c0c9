"""The public contract suite: run it on your own alignment family.

```python
import pytest
from latentalign.testing import LAWS, Case

@pytest.mark.parametrize("law", LAWS)
def test_my_family(law):
    law(Case(family=MyFamily(), alignments=my_enumeration))
```
"""

from latentalign.testing.laws import LAWS
from latentalign.testing.oracles import Case, Truth, truth

__all__ = ["LAWS", "Case", "Truth", "truth"]
