"""What an index held at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from latentalign.errors import InputError
from latentalign.index.manifest import Manifest
from latentalign.index.segment import Segment
from latentalign.text.documents import Document


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """What an index held at one moment; it can be read whatever is written, deleted or compacted meanwhile.

    Args:
        manifest: of that moment.
        segments: as the manifest lists them.
    """

    manifest: Manifest
    segments: tuple[Segment, ...]

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """Where each live document is: the number of its segment, and its number there."""
        return {
            one.ids[number]: (index, number)
            for index, one in enumerate(self.segments)
            for number in np.flatnonzero(~one.deleted).tolist()
        }

    def __len__(self) -> int:
        return sum(one.documents - one.gone for one in self.manifest.entries)

    def document(self, id: str) -> Document:
        """Return a document by its name.

        Raises:
            InputError: there is none of that name.
        """
        if id not in self.places:
            some = ", ".join(map(repr, islice(self.places, 3)))
            fix = f"the index has {len(self.places)}, such as {some}" if some else "the index is empty"
            raise InputError(wanted="the name of a document in the index", came=repr(id), where="id", fix=fix)
        index, number = self.places[id]
        return self.segments[index].document(number)
