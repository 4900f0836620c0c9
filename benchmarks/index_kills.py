"""Kill a process at random moments while it adds, deletes and compacts, and look for what was lost.

python -m benchmarks.index_kills [--rounds 1000] [--no-table]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import write_table
from latentalign.errors import LatentAlignError
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.text.documents import Document

NAMES = 60


def main() -> None:
    """Kill so often, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="not used")
    parser.add_argument("--no-table", action="store_true", help="print JSON in place of the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = kill_often(Path(folder), rounds=options.rounds, seed=options.seed)
    if options.no_table:
        print(json.dumps(counts))
    else:
        write_table("index-kills", [dict(counts)], command="python -m benchmarks.index_kills")
    sys.exit(int(any(counts[key] for key in ("lost writes", "undead documents", "unreadable"))))


def kill_often(folder: Path, *, rounds: int, seed: int) -> dict[str, int]:
    """Return how many changes were acknowledged, and how many of them were not there after a kill."""
    chance = random.Random(seed)
    path, journal = folder / "index", folder / "journal"
    index = Index.create(path, IndexSettings(model="none", adapt=False))
    counts = {"kills": 0, "acknowledged": 0, "lost writes": 0, "undead documents": 0, "unreadable": 0}
    known: dict[str, str] = {}
    for number in range(rounds):
        journal.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            change(index, journal, random.Random(seed * 1_000_003 + number))
        time.sleep(chance.uniform(0.001, 0.3))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        counts["kills"] += 1
        pending = replay(journal, known, counts)
        check(path, known, pending, counts)
    return counts


def change(index: Index, journal: Path, chance: random.Random) -> None:
    """Change an index at random until killed; say in a journal what begins and what has been acknowledged."""
    file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(*words: object) -> None:
        os.write(file, (json.dumps(words) + "\n").encode())

    while True:
        names = [f"d{chance.randrange(NAMES)}" for _ in range(chance.randint(1, 4))]
        kind = chance.choices(["add", "delete", "compact"], [6, 3, 1])[0]
        if kind == "add":
            texts = {name: f"{name} says {chance.randrange(10**9)}" for name in names}
            say("begin", "add", texts)
            index.add(Document(id=name, text=text) for name, text in texts.items())
            say("done", "add", texts)
        elif kind == "delete":
            say("begin", "delete", names)
            index.delete(names)
            say("done", "delete", names)
        else:
            say("begin", "compact", [])
            index.compact()
            say("done", "compact", [])


def replay(journal: Path, known: dict[str, str], counts: dict[str, int]) -> tuple[str, object]:
    """Apply what was acknowledged to what should be there; return what was begun and not acknowledged."""
    pending: tuple[str, object] = ("compact", [])
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    for line in lines:
        try:
            state, kind, what = json.loads(line)
        except ValueError:
            break  # half a line of a killed process
        pending = (kind, what) if state == "begin" else ("compact", [])
        if state == "done":
            counts["acknowledged"] += 1
            if kind == "add":
                known.update(what)
            for name in what if kind == "delete" else ():
                known.pop(name, None)
    return pending


def check(path: Path, known: dict[str, str], pending: tuple[str, object], counts: dict[str, int]) -> None:
    """Compare an index with what should be there; what was pending may be there as a whole or not at all."""
    try:
        index = Index.open(path)
        snapshot = index.snapshot()
        found = {name: snapshot.document(name).text for name in snapshot.places}
        damaged = index.verify()
    except (LatentAlignError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        counts["unreadable"] += 1
        return
    after = dict(known)
    kind, what = pending
    if kind == "add" and isinstance(what, dict):
        after |= what
    if kind == "delete" and isinstance(what, list):
        after = {name: text for name, text in after.items() if name not in what}
    counts["unreadable"] += bool(damaged)
    if found not in (known, after):
        counts["lost writes"] += sum(found.get(name) not in (known[name], after.get(name)) for name in known)
        counts["undead documents"] += sum(name not in known and name not in after for name in found)
        counts["unreadable"] += 1
    known.clear()
    known.update(found)


if __name__ == "__main__":
    main()
