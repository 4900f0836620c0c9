"""Every example in README.md and docs/ runs and prints what the page says it prints.

```python blocks are executed, all those of a page in one namespace; where they are written with ``>>>`` their output is
compared. ```console blocks are run in a shell, in an empty folder, and what they write on standard output is compared
where the page shows any. A block with a title is a file of that name in that folder, which is on the import path; a
pyproject.toml there installs its entry points. Blocks of other languages, such as ```sh for installing, are only read.
"""

import doctest
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

from latentalign import registry
from tools import reference

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
OPTIONAL = ("spacy",)
"""Libraries that `make test` does not bring; an example that imports one is run where it is installed."""


def run_console(example: Example) -> str | None:
    """Run the commands of a console block; return how their output differs from what the block shows, if it does."""
    for step in ("\n" + example.parsed).split("\n$ ")[1:]:
        command, wanted = _command_and_output(step)
        finished = subprocess.run(
            ["bash", "-c", command],
            cwd=example.namespace["folder"],
            env={**os.environ, "PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if wanted.strip() and not doctest.OutputChecker().check_output(wanted, finished.stdout, FLAGS):
            return f"{command}\nwanted:\n{wanted}\ngot:\n{finished.stdout}\n{finished.stderr}"
        if finished.returncode:
            return f"{command}\nexit status {finished.returncode}\n{finished.stderr}"
    return None


def _command_and_output(step: str) -> tuple[str, str]:
    lines = step.split("\n")
    last = next(index for index, line in enumerate(lines) if not line.endswith("\\"))
    return "\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :]) + "\n"


def titled_blocks(document: Document) -> Iterator[Region]:
    """Yield the blocks that are files: ```python title="thing.py"."""
    for region in FencedCodeBlockLexer(language=r"\w+ title=[^\n]+", mapping={"language": "title", "source": "text"})(
        document
    ):
        name = region.lexemes["title"].partition("=")[2].strip('"')
        yield Region(region.start, region.end, (name, str(region.lexemes["text"])), write_file)


def write_file(example: Example) -> None:
    """Write the file of a titled block; a pyproject.toml makes its entry points known, as installing it would."""
    name, text = example.parsed
    folder: Path = example.namespace["folder"]
    (folder / name).write_text(text, encoding="utf8")
    if name == "pyproject.toml":
        groups = tomllib.loads(text)["project"]["entry-points"]
        lines = [
            f"[{group}]\n" + "\n".join(f"{key} = {value}" for key, value in groups[group].items()) for group in groups
        ]
        (folder / "example-1.dist-info").mkdir()
        (folder / "example-1.dist-info" / "METADATA").write_text("Name: example\nVersion: 1\n", encoding="utf8")
        (folder / "example-1.dist-info" / "entry_points.txt").write_text("\n".join(lines), encoding="utf8")
    importlib.invalidate_caches()


SYBIL = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=FLAGS),
        CodeBlockParser("console", run_console),
        titled_blocks,
    ]
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield an empty folder that is the current one and on the import path; what was imported from it goes with it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of(page: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    text = re.sub(r"```python\n.*?\n```\n", _unless_missing, page.read_text(encoding="utf8"), flags=re.DOTALL)
    runnable = tmp_path_factory.mktemp("page") / page.name
    runnable.write_text(text, encoding="utf8")
    document = SYBIL.parse(runnable)
    document.namespace["folder"] = folder
    examples = list(document.examples())
    assert len(examples) >= text.count("```python") + text.count("```console")
    for example in examples:
        example.evaluate()


def _unless_missing(block: re.Match[str]) -> str:
    """Return a block, or nothing if it imports an optional library that is not installed."""
    missing = (name for name in OPTIONAL if f"import {name}" in block[0] and not importlib.util.find_spec(name))
    return "" if any(missing) else block[0]


@pytest.mark.parametrize("library", OPTIONAL)
def test_examples_of_an_optional_library_are_run(library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed: its examples in docs/ are only read")
    block = re.fullmatch(".*", f">>> import {library}")
    assert block is not None
    assert _unless_missing(block) == block[0]


def test_a_wrong_example_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for good, bad in (
        ("```python\n>>> 1 + 1\n2\n```\n", "```python\n>>> 1 + 1\n3\n```\n"),
        ("```python\nassert True\n```\n", "```python\nassert False\n```\n"),
        ("```console\n$ echo a\na\n```\n", "```console\n$ echo a\nb\n```\n"),
        ("```console\n$ true\n```\n", "```console\n$ false\n```\n"),
    ):
        for text, fails in ((good, False), (bad, True)):
            page.write_text(text, encoding="utf8")
            document = SYBIL.parse(page)
            document.namespace["folder"] = tmp_path
            (example,) = document.examples()
            if fails:
                with pytest.raises(AssertionError):
                    example.evaluate()
            else:
                example.evaluate()


def test_the_reference_has_every_registered_name() -> None:
    text = "\n".join(reference.pages().values())
    tables = [value for value in vars(registry).values() if isinstance(value, registry.Registry)]
    targets = {table[name] for table in tables for name in table if table[name].startswith("latentalign.")}
    missing = {target for target in targets if f"### {target.partition(':')[2]}\n" not in text}
    assert not missing


def test_the_reference_notices_what_is_not_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "latentalign").mkdir()
    module = tmp_path / "latentalign" / "thing.py"
    monkeypatch.setattr(reference, "SOURCE", tmp_path)
    module.write_text('def documented():\n    """Do."""\n\n\ndef _private(): ...\n', encoding="utf8")
    assert "### documented" in reference.pages()["latentalign"]
    module.write_text("def bare(): ...\n", encoding="utf8")
    with pytest.raises(LookupError, match="bare"):
        reference.pages()
