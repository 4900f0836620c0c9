"""The rules that hold the house together: floors, sizes, names, registries, docstrings, and what must not be there."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

import latentalign
from latentalign import registry
from latentalign.training import recipe

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
REGISTRIES = {name: table for name, table in vars(registry).items() if isinstance(table, registry.Registry)}
ENTRIES = [(table, name) for table, names in REGISTRIES.items() for name in names]
GRAB_BAGS = {"util", "utils", "helper", "helpers", "common", "misc", "core", "base", "tools"}
FORBIDDEN_ARGUMENTS = {"trust_remote_code=True", "allow_pickle=True", "shell=True", "weights_only=False"}
ASSERTION = re.compile(r"(^|\.)(raises|warns|assert_\w+|gradcheck|gradgradcheck)$|^(law|close|torch_close)$|^expect\(")
AT_IMPORT = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign,
    ast.TypeAlias if sys.version_info >= (3, 12) else ast.Assign,
)  # fmt: skip


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_run_downwards_only() -> None:
    linter = Path(sysconfig.get_path("scripts")) / "lint-imports"
    finished = subprocess.run(
        [linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_source_file_is_small_and_quiet(path: Path) -> None:
    text = path.read_text(encoding="utf8")
    tree = ast.parse(text)
    assert path.stem not in GRAB_BAGS, "name the file after the thing in it"
    assert len(text.splitlines()) <= 300
    assert not list(long_functions(tree))
    assert not list(dangers(tree))
    assert not list(side_effects(tree))


def long_functions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > 60:
            yield f"line {node.lineno}: {node.name} has more than 60 lines"


def dangers(tree: ast.AST) -> Iterator[str]:
    """Yield what could run code that came with data: pickles, eval, models with code of their own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if {name.partition(".")[0] for name in modules} & {"pickle", "cPickle", "dill", "cloudpickle", "joblib"}:
                yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "eval",
            "exec",
            "torch.load",
            "yaml.load",
            "os.system",
        }:
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.keyword) and f"{node.arg}={ast.unparse(node.value)}" in FORBIDDEN_ARGUMENTS:
            yield f"line {node.value.lineno}: {ast.unparse(node)}"


def side_effects(tree: ast.Module) -> Iterator[str]:
    """Yield the statements of a module that do more than define: calls, loops, and so on."""
    for node in tree.body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_guard = isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "__name__ == '__main__'"}
        is_command = re.match(r"app\.(command|callback|add_typer)\(", ast.unparse(node))
        if not (isinstance(node, AT_IMPORT) or is_text or is_guard or is_command):
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        ("def f():\n" + "    1\n" * 59, "def f():\n" + "    1\n" * 60, long_functions),
        ("import json", "import pickle", dangers),
        ("from torch import nn", "from pickle import load", dangers),
        ("load(path, trust_remote_code=False)", "load(path, trust_remote_code=True)", dangers),
        ("json.loads(text)", "torch.load(path)", dangers),
        ("x = 1", "print(1)", side_effects),
    ],
)
def test_each_rule_notices_what_it_forbids(good: str, bad: str, rule) -> None:
    assert not list(rule(ast.parse(good)))
    assert list(rule(ast.parse(bad)))


@pytest.mark.parametrize(("table", "name"), ENTRIES, ids=lambda value: value)
def test_a_registered_name_loads_and_is_documented(table: str, name: str) -> None:
    assert inspect.getdoc(REGISTRIES[table].load(name))


@pytest.mark.parametrize("name", registry.trainers)
def test_a_trainer_runs_as_the_command_runs_it(name: str) -> None:
    kind = registry.trainers.load(name)
    wanted = recipe.ResumableRecipe if getattr(kind, "resumes", False) else recipe.TrainingRecipe
    given, asked = (inspect.signature(one.run).parameters for one in (kind, wanted))
    assert [(one.name, one.kind, one.default) for one in given.values()] == [
        (one.name, one.kind, one.default) for one in asked.values()
    ]


def public_modules() -> list[str]:
    found = pkgutil.walk_packages(latentalign.__path__, prefix="latentalign.")
    return ["latentalign", *(module.name for module in found if not module.name.endswith("__main__"))]


@pytest.mark.parametrize("module", public_modules())
def test_what_a_module_exports_is_documented(module: str) -> None:
    loaded = importlib.import_module(module)
    exported = {name: getattr(loaded, name) for name in getattr(loaded, "__all__", ())}
    own = {name: value for name, value in vars(loaded).items() if getattr(value, "__module__", "") == module}
    public = {name: value for name, value in (exported | own).items() if not name.startswith("_")}
    things = {name: value for name, value in public.items() if inspect.isclass(value) or inspect.isfunction(value)}
    missing = [name for name, value in things.items() if not (inspect.getdoc(value) or "").strip()]
    for owner in filter(inspect.isclass, things.values()):
        missing += [
            f"{owner.__name__}.{name}" for name in own_methods(owner) if not inspect.getdoc(getattr(owner, name))
        ]
    assert not missing


def own_methods(owner: type) -> list[str]:
    methods = {
        name: value for name, value in vars(owner).items() if inspect.isroutine(value) or isinstance(value, property)
    }
    return [name for name in methods if not name.startswith("_")]


@pytest.mark.parametrize(
    "module", ["latentalign", "latentalign.registry", "latentalign.text.spans", "latentalign.cli.main"]
)
def test_importing_does_not_bring_in_torch(module: str) -> None:
    program = f"import {module}, sys; print(sorted({{'torch', 'transformers', 'numpy', 'scipy'}} & set(sys.modules)))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.stdout.strip() == "[]", finished.stderr


@pytest.mark.parametrize("path", TESTS, ids=relative)
def test_every_test_asserts_something(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf8"))
    helpers = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    tests = [node for name, node in helpers.items() if name.startswith("test_")]
    silent = [test.name for test in tests if not asserts(test, helpers, depth=3)]
    assert not silent


def asserts(function: ast.FunctionDef, helpers: dict[str, ast.FunctionDef], *, depth: int) -> bool:
    """Return whether a function has an assertion, or calls one that has, or runs a law."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if ASSERTION.search(called):
                return True
            if depth and called in helpers and asserts(helpers[called], helpers, depth=depth - 1):
                return True
    return False


def test_the_search_for_assertions_finds_a_silent_test() -> None:
    program = "def check(x):\n    assert x\ndef test_a():\n    check(1)\ndef test_b():\n    print(1)\n"
    found = {node.name: node for node in ast.parse(program).body if isinstance(node, ast.FunctionDef)}
    assert asserts(found["test_a"], found, depth=1)
    assert not asserts(found["test_b"], found, depth=1)


def test_every_skip_gives_its_reason() -> None:
    bare = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail)(\(\s*\)|$|\s)|importorskip\(\"[^\"]*\"\)", re.MULTILINE)
    found = [
        relative(path) for path in TESTS if path != Path(__file__) and bare.search(path.read_text(encoding="utf8"))
    ]
    assert not found
