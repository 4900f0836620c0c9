"""The reference pages, read from the source: one page a package, one heading a public class or function.

Public is what does not begin with an underscore. The source is parsed and never run, so what is not documented is found
without a model, a GPU or an optional package.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"
SECTIONS = ("Args", "Returns", "Raises", "Yields", "Cost")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """A public class or function: where it is, how it is called, what it says of itself, and its public methods."""

    module: str
    name: str
    signature: str
    docstring: str
    methods: tuple[Symbol, ...] = ()


def pages() -> dict[str, str]:
    """Return the Markdown of every page by the package's name.

    Raises:
        LookupError: a public symbol has no docstring; the message names all such symbols.
    """
    texts: dict[str, list[str]] = {}
    missing = []
    for path in sorted(SOURCE.glob("latentalign/**/*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf8"))
        found = list(symbols(tree, module))
        missing += [f"{path}: {name}" for symbol in found for name in undocumented(symbol)]
        shown = [render(symbol) for symbol in found if symbol.docstring]
        if shown:
            head = f"## {module}\n\n{markdown(ast.get_docstring(tree) or '')}"
            texts.setdefault(page_of(module), []).append("\n\n".join([head, *shown]))
    if missing:
        raise LookupError("public symbols without a docstring:\n" + "\n".join(missing))
    return {page: f"# {page}\n\n" + "\n\n".join(texts[page]) + "\n" for page in sorted(texts)}


def page_of(module: str) -> str:
    """Return the page that a module is shown on: its package, or ``latentalign`` for the modules at the top.

    >>> page_of("latentalign.families.markov"), page_of("latentalign.errors")
    ('latentalign.families', 'latentalign')
    """
    parts = module.split(".")
    is_package = (SOURCE / "latentalign" / parts[min(1, len(parts) - 1)]).is_dir()
    return ".".join(parts[:2]) if len(parts) > 1 and is_package else "latentalign"


def symbols(tree: ast.Module | ast.ClassDef, module: str) -> Iterator[Symbol]:
    """Yield the public classes and functions of a module, or the public methods of a class."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield Symbol(
                module=module,
                name=node.name,
                signature=signature(node),
                docstring=ast.get_docstring(node) or "",
                methods=tuple(symbols(node, module)) if isinstance(node, ast.ClassDef) else (),
            )


def undocumented(symbol: Symbol) -> Iterator[str]:
    """Yield the names that lack a docstring; the methods of a subclass may take theirs from the base."""
    if not symbol.docstring:
        yield symbol.name
    if "(" not in symbol.signature.partition("\n")[0]:
        yield from (f"{symbol.name}.{method.name}" for method in symbol.methods if not method.docstring)


def signature(node: Definition) -> str:
    """Return how a function is declared; for a class, its bases and its fields."""
    if not isinstance(node, ast.ClassDef):
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        lines = [f"{node.name}({ast.unparse(node.args)}){returns}"]
        if any(isinstance(mark, ast.Name) and "property" in mark.id for mark in node.decorator_list):
            lines = [f"{node.name}:{returns.removeprefix(' ->')}"]
        return "\n".join(lines)
    bases = [ast.unparse(base) for base in node.bases if ast.unparse(base) != "ABC"]
    fields = [
        ast.unparse(item)
        for item in node.body
        if isinstance(item, ast.AnnAssign) and not ast.unparse(item.target).startswith("_")
    ]
    head = f"class {node.name}" + (f"({', '.join(bases)})" if bases else "")
    return "\n    ".join([head + (":" if fields else ""), *fields])


def render(symbol: Symbol) -> str:
    """Return the Markdown of a symbol and of its documented methods."""
    parts = [f"### {symbol.name}", fenced(symbol.signature, "python"), markdown(symbol.docstring)]
    for method in symbol.methods:
        if method.docstring:
            parts += [f"#### {symbol.name}.{method.name}", fenced(method.signature, "python")]
            parts.append(markdown(method.docstring))
    return "\n\n".join(parts)


def markdown(docstring: str) -> str:
    r"""Return a docstring as Markdown: examples fenced, the items of a section as a list.

    >>> print(markdown("Add.\n\nArgs:\n    x: a number,\n        not NaN."))
    Add.
    <BLANKLINE>
    **Args**
    <BLANKLINE>
    - `x`: a number, not NaN.
    """
    blocks = [block for block in re.split(r"\n\s*\n", docstring) if block.strip()]
    return "\n\n".join(as_markdown(block) for block in blocks)


def as_markdown(block: str) -> str:
    """Return one paragraph, one section or one example of a docstring as Markdown."""
    if block.lstrip().startswith(">>>"):
        return fenced(textwrap.dedent(block), "pycon")
    title, _, rest = block.partition(":\n")
    if title in SECTIONS and rest.startswith("    "):
        items = re.split(r"\n(?=\S)", textwrap.dedent(rest))
        lines = [" ".join(item.split()) for item in items]
        return f"**{title}**\n\n" + "\n".join(re.sub(r"^([\w.*, ]+): ", r"- `\1`: ", line) for line in lines)
    return block


def fenced(code: str, language: str) -> str:
    """Return code as a fenced block."""
    return f"```{language}\n{code}\n```"
