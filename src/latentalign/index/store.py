"""An index on the disk: segments, what is deleted in them, and the manifest that says what counts."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from latentalign.durable import replacing, sync
from latentalign.errors import DamageError, InputError
from latentalign.index import sketch
from latentalign.index.adaptation import FEWEST, adapt_content
from latentalign.index.content import Content
from latentalign.index.fingerprint import Fingerprint
from latentalign.index.joining import joined
from latentalign.index.lock import writing
from latentalign.index.manifest import MANIFEST, Entry, Manifest, described, differences, sweep
from latentalign.index.relevance import RelevanceWeights
from latentalign.index.segment import Segment, write_segment
from latentalign.index.settings import IndexSettings
from latentalign.index.snapshot import Snapshot
from latentalign.index.vectors import Array
from latentalign.models.scorer import PairScorer
from latentalign.text.documents import Document

AT_ONCE = 2048
"""Documents that are read, encoded and written together, and so acknowledged together."""
SMALL, MANY = 64, 16
"""Segments of fewer documents than the first are merged when there are as many of them as the second."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """A folder of documents that can be searched.

    What ``add`` and ``delete`` have returned from is on the disk: it outlives a crash at any later moment, and a crash
    before leaves the index as it was. Readers need no lock and see one moment; there is one writer at a time.

    Args:
        path: the folder.

    >>> import tempfile
    >>> index = Index.create(Path(tempfile.mkdtemp()) / "cats", IndexSettings(model="none"))
    >>> index.add([Document(id="a", text="The cat sleeps."), Document(id="b", text="A dog barks.")])
    2
    >>> index.delete(["b"])
    1
    >>> list(index.snapshot().places)
    ['a']
    """

    path: Path
    _scorers: list[PairScorer] = field(default_factory=list, repr=False)

    @classmethod
    def create(cls, path: str | Path, settings: IndexSettings | None = None) -> Index:
        """Make an empty index in a new or empty folder.

        Raises:
            InputError: there is something in the folder, or a file in its place.
        """
        folder = Path(path)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(
                wanted="a new or empty folder",
                came="one with files in it" if folder.is_dir() else "a file",
                where=str(folder),
                fix="choose another, or add to the index that is there: latentalign index add",
            )
        folder.mkdir(parents=True, exist_ok=True)
        Manifest(settings=settings or IndexSettings()).write(folder)
        sync(folder.parent)
        return cls(path=folder)

    @classmethod
    def open(cls, path: str | Path) -> Index:
        """Return the index in a folder.

        Raises:
            InputError: the folder is no index.
            DamageError: its manifest is not what was written.
        """
        Manifest.read(Path(path))
        return cls(path=Path(path))

    @property
    def settings(self) -> IndexSettings:
        """What the index is made of."""
        return Manifest.read(self.path).settings

    @property
    def scorer(self) -> PairScorer:
        """The encoder, loaded when it is first needed.

        Raises:
            ModelError: it cannot be found, or is another one than the index was built with.
        """
        if not self._scorers:
            manifest = Manifest.read(self.path)
            scorer = manifest.settings.load_scorer()
            if manifest.encoder is not None and scorer.encoder is not None:
                found = Fingerprint.of(scorer.encoder, name=manifest.settings.name)
                manifest.encoder.check(found, where=str(self.path))
            self._scorers.append(scorer)
        return self._scorers[0]

    def snapshot(self) -> Snapshot:
        """Return what the index holds now.

        Raises:
            DamageError: a file is absent or cannot be read.
        """
        while True:
            manifest = Manifest.read(self.path)
            try:
                segments = tuple(self._open(one) for one in manifest.entries)
            except (OSError, ValueError) as error:
                if Manifest.read(self.path).generation != manifest.generation:
                    continue  # compacted between the two: look again
                raise DamageError(
                    wanted="the files that the manifest lists",
                    came=str(error),
                    where=str(self.path),
                    fix=f"latentalign index verify {self.path}",
                ) from error
            return Snapshot(manifest=manifest, segments=segments)

    def add(self, documents: Iterable[Document]) -> int:
        """Add documents and return how many; one of a name that is there takes its place.

        Documents are written some 2,000 at a time; each such part is there as a whole or not at all.

        Raises:
            InputError: two documents of one name.
            IndexBusyError: another process is writing.

        Cost: one pass of the encoder over each passage, and a few waits for the disk each 2,000 documents.
        """
        added = 0
        with writing(self.path):
            for some in _parts(documents):
                content = Content.of(some, self.settings, self.scorer)
                before = self.snapshot()
                entries = self._without(before, content.ids)
                self._commit(self._stamped(before.manifest), [*entries, self._written(before.manifest, content)])
                added += len(some)
            self._merge_small()
        return added

    def add_content(self, content: Content) -> None:
        """Add documents that have been read and encoded before, all at once; the only ones of an index are adapted.

        Raises:
            IndexBusyError: another process is writing.
        """
        with writing(self.path):
            before = self.snapshot()
            entries = self._without(before, content.ids)
            self._commit(before.manifest, [*entries, self._written(before.manifest, content, whole=not entries)])

    def delete(self, ids: Iterable[str]) -> int:
        """Delete documents by name and return how many there were; names that are not there count nothing.

        Raises:
            IndexBusyError: another process is writing.

        Cost: a list of what is deleted is written for each segment that has some; ``compact`` frees their room.
        """
        with writing(self.path):
            before = self.snapshot()
            gone = set(ids) & set(before.places)
            if gone:
                self._commit(before.manifest, self._without(before, gone))
        return len(gone)

    def compact(self) -> None:
        """Write everything that is there into one segment, adapt it, and remove what nothing refers to.

        Raises:
            IndexBusyError: another process is writing.

        Cost: writes the whole index anew; the encoder is not asked. Readers go on with what they have open.
        """
        with writing(self.path):
            before = self.snapshot()
            if len(before.segments) > 1 or any(one.gone for one in before.manifest.entries) or self._stale(before):
                self._merge(before, range(len(before.segments)))
            sweep(self.path, Manifest.read(self.path).entries)

    def discard(self) -> None:
        """Remove the folder if no document was ever added; otherwise leave everything as it is."""
        if Manifest.read(self.path).generation == 0:
            shutil.rmtree(self.path)

    def verify(self) -> list[str]:
        """Return one line for each file that is absent or not what was written; nothing if all is well.

        Raises:
            InputError: the folder is no index.

        Cost: reads every byte.
        """
        try:
            return differences(self.path, Manifest.read(self.path).entries)
        except DamageError as error:
            return [f"{MANIFEST}: {error.came}"]

    def _open(self, entry: Entry) -> Segment:
        folder = self.path / entry.name
        return Segment.open(folder, deleted=folder / entry.deleted if entry.deleted else None)

    def _written(self, manifest: Manifest, content: Content, *, whole: bool = False) -> Entry:
        """Write a segment that nothing refers to yet; one that holds the whole corpus is adapted to it."""
        name = f"segment-{manifest.generation + 1:08d}"
        fits = whole and manifest.settings.adapt and len(content.passages) >= FEWEST
        large = len(content.passages) >= manifest.settings.approximate_from and content.vectors.shape[1] > 0
        fitted = adapt_content(content, RelevanceWeights()) if fits else None
        write_segment(self.path / name, content, adaptation=fitted, graph=large)
        files = {path.name: described(path) for path in sorted((self.path / name).iterdir())}
        return Entry(name=name, documents=len(content.ids), gone=0, deleted="", files=files)

    def _stamped(self, manifest: Manifest) -> Manifest:
        """Return the manifest with what the encoder is known by, if this is the first time that it is used."""
        if manifest.encoder is not None or manifest.entries or self.scorer.encoder is None:
            return manifest
        return replace(manifest, encoder=Fingerprint.of(self.scorer.encoder, name=manifest.settings.name))

    def _without(self, before: Snapshot, ids: Iterable[str]) -> list[Entry]:
        """Return the segments without some documents: those that have any get a new list of what is deleted."""
        by_segment: dict[int, list[int]] = {}
        for one in ids:
            if one in before.places:
                index, number = before.places[one]
                by_segment.setdefault(index, []).append(number)
        entries = list(before.manifest.entries)
        for index, numbers in by_segment.items():
            deleted = before.segments[index].deleted.copy()
            deleted[numbers] = True
            entries[index] = self._marked(entries[index], deleted, before.manifest.generation + 1)
        return [one for one in entries if one.gone < one.documents]

    def _marked(self, entry: Entry, deleted: Array, generation: int) -> Entry:
        name = f"deleted-{generation:08d}.npy"
        path = self.path / entry.name / name
        with replacing(path) as file:
            np.save(file, deleted, allow_pickle=False)
        files = {key: value for key, value in entry.files.items() if key != entry.deleted}
        return replace(entry, deleted=name, gone=int(deleted.sum()), files={**files, name: described(path)})

    def _commit(self, before: Manifest, entries: Sequence[Entry]) -> None:
        """Make a change count, then remove the segments that nothing refers to any more."""
        before.after(entries).write(self.path)
        for gone in {one.name for one in before.entries} - {one.name for one in entries}:
            shutil.rmtree(self.path / gone, ignore_errors=True)
        for one in before.entries:
            if one.deleted and one.deleted not in {other.deleted for other in entries if other.name == one.name}:
                (self.path / one.name / one.deleted).unlink(missing_ok=True)

    def _merge(self, before: Snapshot, numbers: Iterable[int]) -> None:
        chosen = set(numbers)
        kept = [one for index, one in enumerate(before.manifest.entries) if index not in chosen]
        merged = [before.segments[index] for index in sorted(chosen) if not before.segments[index].deleted.all()]
        made = [self._written(before.manifest, joined(merged), whole=not kept)] if merged else []
        self._commit(before.manifest, [*kept, *made])

    def _merge_small(self) -> None:
        """Keep the number of segments down, whatever the size of the parts in which documents come."""
        before = self.snapshot()
        small = [index for index, one in enumerate(before.manifest.entries) if one.documents < SMALL]
        if len(small) >= MANY:
            self._merge(before, small)

    def _stale(self, before: Snapshot) -> bool:
        """Return whether the only segment lacks what it could have: an adaptation, or a sketch."""
        if not before.segments:
            return False
        (one,) = before.segments
        fitted = one.adaptation or not self.settings.adapt or len(one.passages) < FEWEST
        return not fitted or (sketch.wanted(one.states, len(one.passages)) and not one.sketch)


def _parts(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield some documents at a time, none of the same name twice."""
    waiting, seen = iter(documents), set[str]()
    while some := list(islice(waiting, AT_ONCE)):
        for one in some:
            if one.id in seen:
                raise InputError(
                    wanted="one document of each name",
                    came=f"a second {one.id!r}",
                    where=one.where or "documents",
                    fix="give each an id of its own; lines without an id go by their number",
                )
            seen.add(one.id)
        yield some
