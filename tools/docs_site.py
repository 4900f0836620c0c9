"""What the documentation site does when it is built: it writes the reference, and turns formulas into MathML.

MathML needs no script and no network in the reader's browser.
"""

from __future__ import annotations

import html
import re
from typing import Any

import reference
from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the reference to the end of the navigation."""
    try:
        config["reference_pages"] = reference.pages()
    except LookupError as error:
        raise PluginError(str(error)) from error
    listed = [{page: f"reference/{page}.md"} for page in config["reference_pages"]]
    config.nav = [*(config.nav or []), {"Reference": listed}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference pages, which exist only here."""
    for page, text in config["reference_pages"].items():
        files.append(File.generated(config, f"reference/{page}.md", content=text))
    return files


def on_page_content(content: str, **_: Any) -> str:
    """Return the page with its formulas as MathML."""
    return FORMULA.sub(lambda found: mathml(found[2], block=found[1] == "div"), content)


def mathml(formula: str, *, block: bool) -> str:
    """Return a LaTeX formula as MathML."""
    return convert(html.unescape(formula), display="block" if block else "inline")
